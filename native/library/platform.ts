import { closeSync, openSync, readSync } from "node:fs";

export type Libc = "glibc" | "musl" | "system";

/** `linux-x64-glibc` and the like: what a compiled library must fit to be opened by this process. */
export const platformTag = (): string => `${process.platform}-${process.arch}-${libc()}`;

/**
 * The C library of this very process, read from the loader that its executable names: a machine may have both.
 * `system` where the platform has only one.
 */
export function libc(executable: string = process.execPath): Libc {
  if (process.platform !== "linux") return "system";
  const head = Buffer.alloc(8192);
  const file = openSync(executable, "r");
  try {
    readSync(file, head, 0, head.length, 0);
  } finally {
    closeSync(file);
  }
  return head.includes("/ld-musl-") ? "musl" : "glibc";
}

/** The file extension of a shared library. */
export const librarySuffix = (): string =>
  process.platform === "darwin" ? ".dylib" : process.platform === "win32" ? ".dll" : ".so";
