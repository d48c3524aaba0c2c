import { createHash, randomUUID } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { EngineError } from "#engine/errors";
import { cacheDir } from "./cache-dir.ts";
import { librarySuffix, platformTag } from "./platform.ts";

/** What a shared library is made of. All paths are absolute. */
export interface LibrarySpec {
  /** Begins the file name: lower case, digits and hyphens. */
  readonly name: string;
  /** The C files handed to the compiler. */
  readonly sources: readonly string[];
  /** Files that the sources include; a change of one makes another library. */
  readonly included: readonly string[];
  readonly includeDirs: readonly string[];
  /** Beside `-shared -fPIC`. */
  readonly flags: readonly string[];
}

export interface BuildOptions {
  /** Defaults to `cacheDir()`. */
  readonly dir?: string;
  /** Where compilers are looked for, like `PATH`. Defaults to the process's own. */
  readonly path?: string;
}

/** Names of compilers, the first one found wins. */
const COMPILERS = ["cc", "gcc", "clang"];

/** The C compiler that builds would use, absolute; undefined where there is none. */
export function findCompiler(path: string = process.env.PATH ?? ""): string | undefined {
  for (const name of COMPILERS) {
    const found = Bun.which(name, { PATH: path });
    if (found) return found;
  }
  return undefined;
}

/**
 * Where the library is, or would be once built: the name carries platform, architecture, C library and a hash of sources and flags, so a
 * file that exists is always the right one.
 * @throws EngineError ENGINE_MISSING when a source file is not there.
 */
export function libraryPath(spec: LibrarySpec, dir: string = cacheDir()): string {
  const hash = createHash("sha256").update(JSON.stringify(spec.flags));
  for (const file of [...spec.sources, ...spec.included]) {
    try {
      hash.update("\0").update(readFileSync(file));
    } catch (cause) {
      throw new EngineError("ENGINE_MISSING", `${spec.name}: source file ${file} cannot be read`, { cause });
    }
  }
  return join(dir, `${spec.name}-${platformTag()}-${hash.digest("hex").slice(0, 16)}${librarySuffix()}`);
}

/**
 * The path of the library, compiled first where it is not there yet (0.6 to 2 s, blocking). Two processes may build at once: each writes a
 * file of its own and renames it.
 * @throws EngineError ENGINE_MISSING without a compiler, ENGINE_FAILED when it fails, FILE_UNWRITABLE when the cache cannot be written.
 */
export function buildLibrary(spec: LibrarySpec, options: BuildOptions = {}): string {
  const dir = options.dir ?? cacheDir();
  const target = libraryPath(spec, dir);
  if (existsSync(target)) return target;
  const compiler = findCompiler(options.path);
  if (!compiler)
    throw new EngineError("ENGINE_MISSING", `${spec.name}: no C compiler (${COMPILERS.join(", ")}) on the search path`);
  try {
    mkdirSync(dir, { recursive: true, mode: 0o700 });
  } catch (cause) {
    throw new EngineError("FILE_UNWRITABLE", `${spec.name}: cannot make the folder ${dir}`, { cause });
  }
  const temporary = `${target}.${randomUUID()}.tmp`;
  try {
    compile(compiler, spec, temporary);
    renameSync(temporary, target);
  } finally {
    rmSync(temporary, { force: true });
  }
  return target;
}

function compile(compiler: string, spec: LibrarySpec, output: string): void {
  const shared = process.platform === "darwin" ? "-dynamiclib" : "-shared";
  const includes = spec.includeDirs.map((dir) => `-I${dir}`);
  const argv = [compiler, ...spec.flags, shared, "-fPIC", ...includes, "-o", output, ...spec.sources];
  const { exitCode, stderr } = Bun.spawnSync(argv, { stdin: "ignore", stdout: "ignore", stderr: "pipe" });
  if (exitCode === 0) return;
  const complaint =
    stderr
      .toString()
      .split("\n")
      .find((line) => /error|cannot|fatal/i.test(line)) ?? "no message";
  throw new EngineError(
    "ENGINE_FAILED",
    `${spec.name}: ${compiler} ended with status ${exitCode}: ${complaint.trim()}`,
  );
}
