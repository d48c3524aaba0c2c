import { homedir } from "node:os";
import { isAbsolute, join } from "node:path";

/**
 * Where compiled libraries are kept, absolute; not made by this call. `PARLANDO_NATIVE_DIR` names it outright, otherwise it lies in the
 * user's cache (`XDG_CACHE_HOME`, or `~/.cache`). Native code is opened in Workers and child processes too, so the environment, which
 * they inherit, carries the place. Of the environment, native code reads only this and the search path for a compiler.
 */
export function cacheDir(env: Readonly<Record<string, string | undefined>> = process.env): string {
  if (env.PARLANDO_NATIVE_DIR && isAbsolute(env.PARLANDO_NATIVE_DIR)) return env.PARLANDO_NATIVE_DIR;
  const base = env.XDG_CACHE_HOME && isAbsolute(env.XDG_CACHE_HOME) ? env.XDG_CACHE_HOME : join(homedir(), ".cache");
  return join(base, "parlando", "native");
}
