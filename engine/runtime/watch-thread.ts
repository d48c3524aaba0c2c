import { dlopen } from "bun:ffi";
import { writeSync } from "node:fs";

/** The thread of `watch.ts`: looks at the heart-beat of the main thread, and ends the process when it has stopped. */
interface Orders {
  words?: Int32Array;
  hangMs?: number;
  hooks?: readonly string[];
  exitStatus?: number;
  names?: [number, string][];
  forget?: number[];
}

/** What a Worker's thread has of the browser's `self`; the whole of it would give every file of the project a browser's types. */
declare const self: { onmessage: ((event: MessageEvent<Orders>) => void) | null };

const names = new Map<number, string>();

self.onmessage = ({ data }) => {
  const { names: more = [], forget = [], words, hangMs, hooks, exitStatus } = data;
  for (const [token, name] of more) names.set(token, name);
  for (const token of forget) names.delete(token);
  if (words && hangMs && hooks && exitStatus) watch(words, hangMs, hooks, exitStatus);
};

function watch(words: Int32Array, hangMs: number, hooks: readonly string[], exitStatus: number): void {
  let beat = Atomics.load(words, 0);
  let stillSinceMs = performance.now();
  setInterval(() => {
    const now = Atomics.load(words, 0);
    if (now !== beat) {
      beat = now;
      stillSinceMs = performance.now();
      return;
    }
    const stillMs = performance.now() - stillSinceMs;
    if (stillMs < hangMs) return;
    const current = Atomics.load(words, 1);
    const where =
      current > 0
        ? `${names.get(current >> 3) ?? "a node"} in ${hooks[(current & 7) - 1]}`
        : `${names.get(Atomics.load(words, 2)) ?? "a node"} probably, in run`;
    const text = `NODE_HUNG ${where} has not returned for ${Math.round(stillMs)} ms; this process ends with status ${exitStatus}\n`;
    writeSync(2, text);
    endProcess(exitStatus);
  }, hangMs / 4);
}

/** `process.exit` in a Worker ends only the Worker; the C library's `_exit` ends the process at once, whatever the main thread does. */
function endProcess(status: number): void {
  try {
    const library = process.platform === "darwin" ? "libSystem.B.dylib" : "libc.so.6";
    dlopen(library, { _exit: { args: ["i32"], returns: "void" } }).symbols._exit(status);
  } catch {
    process.kill(process.pid, "SIGKILL"); // no such library here, as on musl
  }
}
