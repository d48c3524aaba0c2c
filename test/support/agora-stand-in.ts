import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findCompiler } from "#native/library";

const SOURCE = new URL("../native/agora/stand-in.c", import.meta.url).pathname;

/** By variant. A process can load one library of the kind, so all tests of a process get the same file. */
const built = new Map<string, string>();
let folder: string | undefined;

/** What the library that stands in for the vendor's cannot be built without here. */
export const standInMissing = findCompiler() === undefined ? "a C compiler" : undefined;

/** @returns the path of the library. @param flags `STAND_IN_WIDER`: its frames are not what they should be. */
export function buildStandIn(abi: 4430 | 4432, flags: readonly string[] = []): string {
  const name = `libagora-${abi}${flags.join("")}.so`;
  const known = built.get(name);
  if (known !== undefined) return known;
  const library = join(folderOfProcess(), name);
  const defines = [`-DSTAND_IN_ABI=${abi}`, ...flags.map((flag) => `-D${flag}`)];
  const command = [findCompiler()!, "-std=gnu11", "-O1", "-g", "-shared", "-fPIC", ...defines, "-o", library, SOURCE];
  const { exitCode, stderr } = Bun.spawnSync([...command, "-lpthread"]);
  if (exitCode !== 0) throw new Error(stderr.toString());
  built.set(name, library);
  return library;
}

function folderOfProcess(): string {
  if (folder === undefined) {
    const made = mkdtempSync(join(tmpdir(), "parlando-agora-library-"));
    process.on("exit", () => rmSync(made, { recursive: true, force: true }));
    folder = made;
  }
  return folder;
}
