import { accessSync, constants, statSync } from "node:fs";
import { delimiter, isAbsolute, join } from "node:path";
import { EngineError } from "../errors/index.ts";

/** Variables by name. Functions here look at what they are given, never at the process by themselves. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** The variables of this process: what a plugin hands to the functions below, in `create` and in `find`. Plugins read no other variable. */
export const hostEnvironment = (): Environment => process.env;

/** A program that was found. */
export interface Program {
  readonly name: string;
  /** Absolute. */
  readonly path: string;
  /** What the packages that it came with are unpacked in: `/`, or the user's own root. Its data lie there too. */
  readonly root: string;
  /** All that its process gets to see: search paths, home, a UTF-8 locale. Secrets of this process are not handed on. */
  readonly env: Readonly<Record<string, string>>;
}

/**
 * The folder where Debian packages lie unpacked for a user who is not root: `PARLANDO_DEBIAN_ROOT`, else `parlando/debian/root` in the
 * cache folder; undefined where neither variable tells. It need not exist.
 */
export function userDebianRoot(env: Environment): string | undefined {
  if (env.PARLANDO_DEBIAN_ROOT) return env.PARLANDO_DEBIAN_ROOT;
  const cache = env.XDG_CACHE_HOME || (env.HOME ? join(env.HOME, ".cache") : undefined);
  return cache === undefined ? undefined : join(cache, "parlando", "debian", "root");
}

/** Where the files of Debian packages may lie: `/`, then the user's own root. */
export function debianRoots(env: Environment): readonly string[] {
  const user = userDebianRoot(env);
  return user === undefined ? ["/"] : ["/", user];
}

/**
 * Looks for a program in `PATH`, then in the user's own root, and says with which environment it runs.
 * @param name without a folder, such as `espeak-ng`.
 */
export function findProgram(name: string, env: Environment): Program | undefined {
  for (const folder of (env.PATH ?? "").split(delimiter)) {
    const path = join(folder, name);
    if (isAbsolute(folder) && isExecutable(path)) return { name, path, root: "/", env: childEnvironment(env) };
  }
  const root = userDebianRoot(env);
  if (root === undefined) return undefined;
  for (const folder of ["usr/bin", "bin"]) {
    const path = join(root, folder, name);
    if (isExecutable(path)) return { name, path, root, env: userRootEnvironment(env, root) };
  }
  return undefined;
}

/** What any program gets, wherever it lies. */
function childEnvironment(env: Environment): Record<string, string> {
  const kept: Record<string, string> = { LC_ALL: "C.UTF-8" };
  for (const name of ["PATH", "HOME", "TMPDIR", "LD_LIBRARY_PATH"]) if (env[name]) kept[name] = env[name];
  return kept;
}

/** The same for a program whose libraries lie beside it in a root of the user's own. */
function userRootEnvironment(env: Environment, root: string): Record<string, string> {
  const plain = childEnvironment(env);
  const triplet = debianTriplet();
  const libraries = ["usr/lib", "lib"].flatMap((folder) => [join(root, folder, triplet), join(root, folder)]);
  libraries.push(join(root, "usr/lib", triplet, "pulseaudio")); // libpulse finds its own part by an absolute path otherwise
  return {
    ...plain,
    PATH: [join(root, "usr/bin"), join(root, "bin"), plain.PATH].filter(Boolean).join(delimiter),
    LD_LIBRARY_PATH: [...libraries, plain.LD_LIBRARY_PATH].filter(Boolean).join(delimiter),
  };
}

/** The folder under `usr/lib` that Debian gives to this machine's architecture. */
export const debianTriplet = (): string =>
  `${process.arch === "arm64" ? "aarch64" : process.arch === "x64" ? "x86_64" : process.arch}-linux-gnu`;

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

export interface RunOptions {
  /** Handed over by standard input, which is then closed. Default: nothing. */
  readonly stdin?: Uint8Array | string;
  /** Ends the process and all that it started; the call then rejects with the signal's reason. */
  readonly signal?: AbortSignal;
  /** Of the machine's own time: a process knows no other. Default 10,000. */
  readonly timeoutMs?: number;
}

/**
 * Runs a program to its end and returns what it wrote to standard output. It runs in a process group of its own, so that a Ctrl-C at the
 * terminal does not reach it and ending it ends its children.
 * @throws EngineError ENGINE_MISSING when it cannot be started, ENGINE_FAILED when it was killed, took too long, or failed by itself, then
 *   with `details.exitCode`. Messages hold neither arguments nor input.
 */
export async function runProgram(
  program: Program,
  args: readonly string[],
  options: RunOptions = {},
): Promise<Uint8Array> {
  const { signal, timeoutMs = 10_000 } = options;
  signal?.throwIfAborted();
  const child = startGroup(program, [program.path, ...args], options.stdin ?? "");
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    killGroup(child.pid);
  }, timeoutMs);
  const abort = () => killGroup(child.pid);
  signal?.addEventListener("abort", abort, { once: true });
  try {
    const output = await child.stdout.bytes();
    await child.exited;
    signal?.throwIfAborted();
    if (late) throw new EngineError("ENGINE_FAILED", `${program.name} gave no answer in ${timeoutMs} ms and was ended`);
    if (child.signalCode) throw new EngineError("ENGINE_FAILED", `${program.name} was ended by ${child.signalCode}`);
    const { exitCode } = child;
    if (exitCode !== 0)
      throw new EngineError("ENGINE_FAILED", `${program.name} exited with ${exitCode}`, { details: { exitCode } });
    return output;
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", abort);
  }
}

function startGroup(program: Program, command: string[], stdin: Uint8Array | string) {
  try {
    return Bun.spawn(command, {
      stdin: typeof stdin === "string" ? new TextEncoder().encode(stdin) : stdin,
      stdout: "pipe",
      stderr: "ignore",
      env: program.env,
      detached: true,
    });
  } catch (error) {
    throw new EngineError("ENGINE_MISSING", `${program.path} cannot be started`, { cause: error });
  }
}

/**
 * Sends a signal to every process of a group, stopped ones included.
 * @param leader the process that was started `detached`, whose id is the group's.
 */
export function killGroup(leader: number, signal: "SIGKILL" | "SIGTERM" | "SIGCONT" = "SIGKILL"): void {
  try {
    process.kill(-leader, signal);
  } catch {
    // none of its processes is left, which is what was wanted
  }
}
