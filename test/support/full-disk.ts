import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ServerProcess } from "./server-process.ts";

/** A folder that can be made to have no room, and to have room again. */
export interface FullDisk {
  readonly kind: string;
  fill(server: ServerProcess): void;
  free(server: ServerProcess): void;
  close(): void;
}

const asked = (command: readonly string[]): boolean => {
  const { exitCode } = Bun.spawnSync([...command], { stdin: "ignore", stdout: "ignore", stderr: "ignore" });
  return exitCode === 0;
};

/** A file system of its own in memory; undefined where none may be mounted. */
export function smallDisk(folder: string): FullDisk | undefined {
  if (process.getuid?.() !== 0 || !asked(["mount", "-t", "tmpfs", "-o", "size=12m", "tmpfs", folder])) return undefined;
  const filler = join(folder, "filler");
  return {
    kind: "a file system of 12 MiB",
    fill() {
      for (let bytes = 2 ** 20; bytes >= 4096; bytes /= 2)
        try {
          for (;;) writeFileSync(filler, new Uint8Array(bytes), { flag: "a" });
        } catch {} // until nothing at all fits any more
    },
    free: () => rmSync(filler),
    close: () => void asked(["umount", folder]),
  };
}

/** A limit on the files of one process: what would make a file longer than its first page fails. Undefined without `prlimit`. */
export function shortFiles(): FullDisk | undefined {
  if (!Bun.which("prlimit")) return undefined;
  const limit = (server: ServerProcess, bytes: string) => {
    if (!asked(["prlimit", "--pid", `${server.pid}`, `--fsize=${bytes}:unlimited`])) throw new Error("prlimit failed");
  };
  return {
    kind: "a limit on the length of files",
    fill: (server) => limit(server, "4096"),
    free: (server) => limit(server, "unlimited"),
    close() {},
  };
}

/** What stands before a program that is to be told of a file's limit by an error and not by its death. */
export const SURVIVES_LIMITS = ["sh", "-c", 'trap "" XFSZ; exec "$0" "$@"'] as const;
