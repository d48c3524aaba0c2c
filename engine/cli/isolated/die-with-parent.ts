import { dlopen } from "bun:ffi";

/** `PR_SET_PDEATHSIG` of prctl(2). */
const SET_PARENT_DEATH_SIGNAL = 1;
const SIGKILL = 9;

/**
 * On Linux the kernel ends this process when the one that began it ends, even while its own loop stands still. Elsewhere it ends when it
 * notices that nobody talks to it any more.
 */
export function dieWithParent(): void {
  if (process.platform !== "linux") return;
  const parent = process.ppid;
  for (const library of ["libc.so.6", "libc.so"])
    try {
      const { prctl } = dlopen(library, { prctl: { args: ["i32", "u64"], returns: "i32" } }).symbols;
      prctl(SET_PARENT_DEATH_SIGNAL, BigInt(SIGKILL));
      // it may have gone before the kernel knew
      if (process.ppid !== parent) process.exit(0);
      return;
    } catch {
      // the next name, and without any the disconnection is what is noticed
    }
}
