import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { debianRoots, EngineError, type Environment } from "#engine/plugin";

const MODES = "usr/share/apertium/modes";

/** One installed direction of translation, as a mode file describes it. */
export interface Mode {
  /** As apertium names it: `eng-spa`, `spa-eng_US`. */
  readonly name: string;
  readonly source: string;
  readonly target: string;
  /** The mode file, absolute. */
  readonly file: string;
  /** What the absolute paths inside the file begin at. */
  readonly root: string;
}

/** Every direction installed for the system or for the user, the system's first, by name. */
export function installedModes(env: Environment): Mode[] {
  const found = new Map<string, Mode>();
  for (const root of debianRoots(env))
    for (const file of listed(join(root, MODES))) {
      const [, name, source, target] = /^((\w+)-(\w+))\.mode$/.exec(file) ?? [];
      if (name && source && target && !found.has(name))
        found.set(name, { name, source, target, root, file: join(root, MODES, file) });
    }
  return [...found.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** The folders that `installedModes` looks into. */
export const modeFolders = (env: Environment): string[] => debianRoots(env).map((root) => join(root, MODES));

function listed(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** A language tag in its canonical form, the three-letter codes that have a shorter one included (`spa` is `es`); undefined for what is none. */
export function canonicalTag(tag: string): string | undefined {
  try {
    return new Intl.Locale(tag).toString();
  } catch {
    return undefined;
  }
}

/** What one code of apertium stands for beside itself. */
const COVERS: Readonly<Record<string, readonly string[]>> = { hbs: ["bs", "hr", "sr"], nor: ["nb", "nn"], zlm: ["ms"] };

/**
 * How well a code of apertium (`eng`, `eng_US`, `cat_valencia`) serves a canonical tag: 3 exactly, 2 the language as such, 1 a variety where
 * none was asked for, 0 not at all.
 */
function fit(code: string, wanted: string): number {
  const base = code.replace(/_.*/, "");
  const language = new Intl.Locale(wanted).language;
  const offered = canonicalTag(code.replaceAll("_", "-")) ?? canonicalTag(base);
  if (offered === wanted) return 3;
  if (canonicalTag(base) !== language && !COVERS[base]?.includes(language)) return 0;
  if (code === base) return 2;
  return wanted === language ? 1 : 0;
}

/** The mode that serves a pair of canonical tags best, or undefined. */
export function findMode<Pair extends { readonly source: string; readonly target: string }>(
  modes: readonly Pair[],
  source: string,
  target: string,
): Pair | undefined {
  let best: Pair | undefined;
  let bestFit = 0;
  for (const mode of modes) {
    const ends = [fit(mode.source, source), fit(mode.target, target)];
    const sum = ends.includes(0) ? 0 : (ends[0] ?? 0) + (ends[1] ?? 0);
    if (sum > bestFit) [best, bestFit] = [mode, sum];
  }
  return best;
}

/** The pairs that Debian 12 packages, each as its package names it; most go in both directions, some in one. */
const DEBIAN_PAIRS =
  "afr-nld arg-cat bel-rus br-fr cat-ita cat-srd dan-nor en-gl eng-cat eng-spa eo-ca eo-en eo-es eo-fr es-gl es-pt es-ro eu-en eu-es \
fr-es fra-cat fra-frp hbs-eng hbs-mkd hbs-slv ind-zlm isl-eng isl-swe mkd-bul mkd-eng nno-nob oc-ca oc-es oci-fra pol-szl por-cat pt-gl \
rus-ukr spa-arg spa-ast spa-cat spa-ita srd-ita swe-dan swe-nor urd-hin";

/** The command that installs a pair of canonical tags, or undefined where Debian has none. */
export function installCommand(source: string, target: string): string | undefined {
  const pairs = DEBIAN_PAIRS.split(/\s+/).map((pair) => {
    const [from = "", to = ""] = pair.split("-");
    return { pair, source: from, target: to };
  });
  const found = findMode(pairs, source, target) ?? findMode(pairs, target, source);
  return found && `apt-get install apertium-${found.pair}`;
}

/** One stage of a pipeline: a program's name and its arguments. */
export type Stage = readonly [program: string, ...args: string[]];

/**
 * The stages of a mode, each told to flush at every NUL; paths lead into the mode's root.
 *
 * A mode file is a line of shell with two holes: `$1`, the generator's option, becomes `-n` (unknown words without a star), `$2`, the
 * tagger's, nothing.
 * @throws EngineError ENGINE_FAILED when the file is not such a line.
 */
export function readStages(mode: Mode): Stage[] {
  return parseStages(readFileSync(mode.file, "utf8"), mode.root, mode.file);
}

/** `readStages` of a text; `file` is for messages. */
export function parseStages(text: string, root: string, file: string): Stage[] {
  const stages: string[][] = [[]];
  for (const [, bar, single, double, bare] of text.matchAll(/(\|)|'([^']*)'|"([^"]*)"|([^\s|'"]+)/g)) {
    const stage = stages.at(-1) ?? [];
    const word = single ?? double ?? bare ?? "";
    if (bar) stages.push([]);
    else if (bare === "$1") stage.push("-n");
    else if (bare !== "$2") stage.push(word.startsWith("/") && root !== "/" ? join(root, word) : word);
  }
  return stages.map(([program, ...args]) => {
    if (!program || program.includes("$"))
      throw new EngineError("ENGINE_FAILED", `${file} is no pipeline of programs: reinstall the apertium pair`);
    return [program.replace(/.*\//, ""), "-z", ...args];
  });
}
