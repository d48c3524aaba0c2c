import { existsSync, realpathSync } from "node:fs";
import { homedir } from "node:os";
import { basename, join } from "node:path";
import { EngineError } from "#engine/errors";

/** Where a machine keeps what the decoder needs. All paths are absolute. */
export interface DecoderFiles {
  readonly library: string;
  /** What the library itself needs and the system's loader would not find, in the order in which to load it. Empty for a system library. */
  readonly chain: readonly string[];
  readonly model: ModelFiles;
}

export interface ModelFiles {
  /** A folder. */
  readonly acoustic: string;
  readonly language: string;
  readonly dictionary: string;
}

/** What `findDecoderFiles` reads of its surroundings; a test passes its own. */
export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string;
  readonly arch: string;
  /** What system paths are looked up under. */
  readonly systemRoot: string;
}

export interface FilesFound {
  readonly files?: DecoderFiles;
  /** Each missing piece by name, with the places looked at. Empty when `files` is there. */
  readonly missing: readonly string[];
}

/** The command that installs both on Debian and what derives from it. */
export const INSTALL_COMMAND = "apt-get install libpocketsphinx3 pocketsphinx-en-us";

const LIBRARY = "libpocketsphinx.so.3";
const MODEL_DIR = "usr/share/pocketsphinx/model/en-us";
const TRIPLES: Readonly<Record<string, string>> = { x64: "x86_64-linux-gnu", arm64: "aarch64-linux-gnu" };

/**
 * Loaded one by one by absolute path, so that each finds its own needs among those loaded before it. BLAS and LAPACK lie in folders
 * of their own, because only a package's installation script, which an unprivileged one does not run, links them beside the others.
 */
const CHAIN = [
  "libquadmath.so.0",
  "libgfortran.so.5",
  "blas/libblas.so.3",
  "lapack/liblapack.so.3",
  "libsphinxbase.so.3",
];

const here = (): Surroundings => ({ env: process.env, home: homedir(), arch: process.arch, systemRoot: "/" });

/**
 * Looks for library and model; opens nothing. In this order: the folder in PARLANDO_DEBIAN_ROOT, the system, the folder into which an
 * unprivileged set-up unpacks Debian packages. Library and model may come from different places.
 */
export function findDecoderFiles(around: Surroundings = here()): FilesFound {
  const { systemRoot } = around;
  const named = around.env.PARLANDO_DEBIAN_ROOT;
  const cache = around.env.XDG_CACHE_HOME || join(around.home, ".cache");
  const roots = [...(named ? [named] : []), systemRoot, join(cache, "parlando/debian/root")];
  const folders = libraryFolders(around.arch);
  const library = roots.flatMap((root) => folders.map((f) => ({ root, path: join(root, f, LIBRARY) }))).find(present);
  const model = roots.map((root) => modelIn(join(root, MODEL_DIR))).find((m) => m !== undefined);
  const missing = [
    ...(library ? [] : [`${LIBRARY} (package libpocketsphinx3), looked for under ${roots.join(", ")}`]),
    ...(model ? [] : [`${MODEL_DIR} (package pocketsphinx-en-us), looked for under ${roots.join(", ")}`]),
  ];
  if (!library || !model) return { missing };
  const chain = library.root === systemRoot ? [] : chainIn(library.root, folders);
  return { missing, files: { library: library.path, chain, model } };
}

/** @throws EngineError ENGINE_MISSING that names what is missing and the command that installs it. */
export function requireDecoderFiles(around?: Surroundings): DecoderFiles {
  const { files, missing } = findDecoderFiles(around);
  if (!files)
    throw new EngineError("ENGINE_MISSING", `pocketsphinx: missing ${missing.join("; ")}. Try: ${INSTALL_COMMAND}`);
  return files;
}

/** The version in the library's real file name, such as `3.0.0`; undefined where the name tells none. */
export function libraryVersion(library: string): string | undefined {
  return /\.so\.([\d.]+)$/.exec(basename(realpathSync(library)))?.[1];
}

const present = ({ path }: { path: string }) => existsSync(path);

function libraryFolders(arch: string): string[] {
  const triple = TRIPLES[arch];
  return [...(triple ? [`usr/lib/${triple}`, `lib/${triple}`] : []), "usr/local/lib", "usr/lib64", "usr/lib"];
}

/** Those of the chain that were unpacked there; the system's loader finds the rest or says which it misses. */
const chainIn = (root: string, folders: readonly string[]): string[] =>
  CHAIN.flatMap((name) => {
    const places = folders.flatMap((folder) => [join(root, folder, name), join(root, folder, basename(name))]);
    const found = places.find((path) => existsSync(path));
    return found ? [found] : [];
  });

function modelIn(dir: string): ModelFiles | undefined {
  const model = {
    acoustic: join(dir, "en-us"),
    language: join(dir, "en-us.lm.bin"),
    dictionary: join(dir, "cmudict-en-us.dict"),
  };
  const whole = existsSync(join(model.acoustic, "mdef")) && existsSync(model.language) && existsSync(model.dictionary);
  return whole ? model : undefined;
}
