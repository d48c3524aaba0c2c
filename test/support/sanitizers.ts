import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findCompiler, type LibrarySpec } from "#native/library";

const SANITIZE = ["-O1", "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"];

const compiler = findCompiler();

export const hasCompiler = compiler !== undefined;

/** A compiler's library, absolute; its bare name where it has none. */
const runtime = (name: string): string =>
  compiler
    ? Bun.spawnSync([compiler, `-print-file-name=${name}`])
        .stdout.toString()
        .trim()
    : "";

/** gcc's AddressSanitizer as a library of its own, which a program that was not compiled with it can be started with. */
export const asanLibrary = runtime("libasan.so");
export const canPreload = process.platform === "linux" && asanLibrary.startsWith("/");

export interface Ended {
  readonly status: number;
  readonly out: string;
  readonly err: string;
}

async function run(command: readonly string[], env: Record<string, string> = {}): Promise<Ended> {
  const child = Bun.spawn([...command], { env: { ...process.env, ...env }, stdout: "pipe", stderr: "pipe" });
  const [status, out, err] = await Promise.all([
    child.exited,
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
  ]);
  return { status, out, err };
}

/** A native library compiled under AddressSanitizer and UndefinedBehaviorSanitizer, in a folder of its own. `remove()` it. */
export class Sanitized {
  readonly folder = mkdtempSync(join(tmpdir(), "parlando-sanitizers-"));
  readonly library = join(this.folder, "library.so");
  readonly #spec: LibrarySpec;

  constructor(spec: LibrarySpec) {
    this.#spec = spec;
  }

  buildLibrary(): void {
    this.#compile(this.library, ["-shared", "-fPIC", ...this.#spec.sources]);
  }

  /** A program, which may include the library's own sources. @returns its path */
  buildDriver(source: string): string {
    const driver = join(this.folder, "driver");
    this.#compile(driver, [source]);
    return driver;
  }

  /** Runs a program that `buildDriver` made. */
  drive(driver: string, argument: string): Promise<Ended> {
    return run([driver, argument]);
  }

  /** Runs code in a Bun into which the sanitizers are loaded. */
  child(code: string): Promise<Ended> {
    return run([process.execPath, "-e", code], {
      LD_PRELOAD: [asanLibrary, runtime("libubsan.so")].join(":"),
      ASAN_OPTIONS: "detect_leaks=0:handle_segv=0:allow_user_segv_handler=1",
    });
  }

  remove(): void {
    rmSync(this.folder, { recursive: true });
  }

  #compile(output: string, more: readonly string[]): void {
    const { sources, includeDirs, flags } = this.#spec;
    const own = sources.slice(0, 1).map((file) => join(file, ".."));
    const includes = [...includeDirs, ...own].map((dir) => `-I${dir}`);
    const kept = flags.filter((flag) => flag !== "-O3");
    const command = [compiler!, ...SANITIZE, ...kept, ...includes, "-o", output, ...more];
    const { exitCode, stderr } = Bun.spawnSync(command);
    if (exitCode !== 0) throw new Error(stderr.toString());
  }
}
