import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findCompiler } from "#native/library";

const SOURCE = new URL("../native/agora/stand-in.c", import.meta.url).pathname;

/** The library that stands in for the vendor's, built as often as there are variants of it. `remove()` it. */
export class StandIns {
  static readonly missing = findCompiler() === undefined ? "a C compiler" : undefined;
  readonly #folder = mkdtempSync(join(tmpdir(), "parlando-agora-library-"));

  /** @returns the path of the library. @param flags `STAND_IN_WIDER`: its frames are not what they should be. */
  build(abi: 4430 | 4432, flags: readonly string[] = []): string {
    const library = join(this.#folder, `libagora-${abi}${flags.join("")}.so`);
    const defines = [`-DSTAND_IN_ABI=${abi}`, ...flags.map((flag) => `-D${flag}`)];
    const command = [findCompiler()!, "-std=gnu11", "-O1", "-g", "-shared", "-fPIC", ...defines, "-o", library, SOURCE];
    const { exitCode, stderr } = Bun.spawnSync([...command, "-lpthread"]);
    if (exitCode !== 0) throw new Error(stderr.toString());
    return library;
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
