import { dlopen } from "bun:ffi";
import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { EngineError } from "#engine/errors";

/** Mirrors speex_echo.h and speex_preprocess.h of speexdsp 1.2. */
const interface_ = {
  speex_echo_state_init: { args: ["i32", "i32"], returns: "ptr" },
  speex_echo_state_destroy: { args: ["ptr"], returns: "void" },
  speex_echo_cancellation: { args: ["ptr", "ptr", "ptr", "ptr"], returns: "void" },
  speex_echo_state_reset: { args: ["ptr"], returns: "void" },
  speex_echo_ctl: { args: ["ptr", "i32", "ptr"], returns: "i32" },
  speex_preprocess_state_init: { args: ["i32", "i32"], returns: "ptr" },
  speex_preprocess_state_destroy: { args: ["ptr"], returns: "void" },
  speex_preprocess_run: { args: ["ptr", "ptr"], returns: "i32" },
  speex_preprocess_ctl: { args: ["ptr", "i32", "ptr"], returns: "i32" },
} as const;

export const SPEEXDSP_INSTALL = "apt-get install libspeexdsp1";

const NAMES = ["libspeexdsp.so.1", "libspeexdsp.1.dylib"];
const TRIPLES: Readonly<Record<string, string>> = { x64: "x86_64-linux-gnu", arm64: "aarch64-linux-gnu" };

/** Where the library lies: the folder in PARLANDO_DEBIAN_ROOT, the system, then what an unprivileged set-up unpacked. */
export function findSpeexDsp(): string | undefined {
  const triple = TRIPLES[process.arch];
  const folders = [
    ...(triple ? [`usr/lib/${triple}`] : []),
    "usr/local/lib",
    "usr/lib64",
    "usr/lib",
    "opt/homebrew/lib",
  ];
  const { PARLANDO_DEBIAN_ROOT: named, XDG_CACHE_HOME: cache = join(homedir(), ".cache") } = process.env;
  const roots = [...(named ? [named] : []), "/", join(cache, "parlando/debian/root")];
  return roots
    .flatMap((root) => folders.flatMap((folder) => NAMES.map((name) => join(root, folder, name))))
    .find((path) => existsSync(path));
}

const open = (path: string) => dlopen(path, interface_).symbols;

let loaded: ReturnType<typeof open> | undefined;

/** The library's functions, loaded at the first call. @throws EngineError ENGINE_MISSING */
export function speexDsp(): ReturnType<typeof open> {
  if (loaded) return loaded;
  const path = findSpeexDsp();
  if (path === undefined)
    throw new EngineError("ENGINE_MISSING", `speexdsp: ${NAMES[0]} is not installed. Try: ${SPEEXDSP_INSTALL}`);
  try {
    loaded = open(path);
    return loaded;
  } catch (cause) {
    throw new EngineError("ENGINE_MISSING", `speexdsp: cannot load ${path}. Try: ${SPEEXDSP_INSTALL}`, { cause });
  }
}

/** One whole number for a call that takes its address. Over a buffer of its own: the address of a small view may go stale. */
export const int32 = (value: number): Int32Array<ArrayBuffer> => Int32Array.of(value);
