import { EngineError } from "#engine/plugin";

/** The voices that an espeak has, and the variants (`+f3`) that any of them can take. */
export interface Voices {
  readonly voices: readonly Voice[];
  readonly variants: readonly string[];
}

export interface Voice {
  /** Mostly a language tag, such as `es-419`. */
  readonly language: string;
  /** Such as `Spanish (Latin America)`. */
  readonly name: string;
  /** Further languages that it stands in for. */
  readonly others: readonly string[];
}

/** Reads the table that `espeak-ng --voices` prints. Blanks inside names are underscores there. */
export function parseVoices(table: string): Voice[] {
  return table
    .split("\n")
    .slice(1)
    .flatMap((line) => {
      const [, language, , name, file] = line.trim().split(/\s+/);
      if (!language || !name || !file) return [];
      const others = [...line.matchAll(/\((\S+) \d+\)/g)].map(([, other = ""]) => other);
      return [{ language, name: name.replaceAll("_", " ").trim(), others }];
    });
}

/** Reads the table of `espeak-ng --voices=variant`, where the file's last part is the variant's name. */
export const parseVariants = (table: string): string[] =>
  [...table.matchAll(/\s!v\/(\S+)/g)].map(([, variant = ""]) => variant);

/**
 * What to give to `-v` for a voice as people write it: a language (`es`, `en-GB`) or a name from the list, either with a variant behind a
 * plus sign, in any case. Espeak itself passes over a region or variant that it does not know, so nothing unknown may reach it.
 * @throws EngineError VOICE_UNKNOWN, with near matches.
 */
export function resolveVoice(wanted: string, { voices, variants }: Voices): { argument: string; language: string } {
  const [base = "", variant, ...rest] = wanted.split("+");
  const key = plain(base);
  const named = voices.find(({ name }) => plain(name) === key);
  const code = languages(voices).find(({ tag }) => plain(tag) === key);
  const voice = named ?? code?.voice;
  if (!voice || rest.length > 0)
    throw new EngineError(
      "VOICE_UNKNOWN",
      `espeak-ng has no voice ${JSON.stringify(wanted)}${near(
        key,
        voices.flatMap((v) => [v.language, v.name, ...v.others]),
      )}`,
    );
  const argument = code?.tag ?? argumentOf(voice, voices);
  if (variant === undefined) return { argument, language: voice.language };
  const found = variants.find((v) => v === variant) ?? variants.find((v) => plain(v) === plain(variant));
  if (!found)
    throw new EngineError(
      "VOICE_UNKNOWN",
      `espeak-ng has no variant ${JSON.stringify(variant)} for the voice ${base}${near(plain(variant), variants)}`,
    );
  return { argument: `${argument}+${found}`, language: voice.language };
}

/** The language where it leads to this voice and no other, for a listed name may differ from the true one; else the name. */
const argumentOf = (voice: Voice, voices: readonly Voice[]): string =>
  voices.filter(({ language }) => language === voice.language).length === 1 ? voice.language : voice.name;

/** Voices by the languages they speak; a voice made for a language comes before those that stand in for it. */
const languages = (voices: readonly Voice[]): { tag: string; voice: Voice }[] => [
  ...voices.map((voice) => ({ tag: voice.language, voice })),
  ...voices.flatMap((voice) => voice.others.map((tag) => ({ tag, voice }))),
];

/** For comparing: case, and what stands between the parts, tell nothing apart. */
const plain = (name: string): string => name.trim().replace(/[_-]/g, " ").toLowerCase();

/** The candidates most like a word, in words. */
function near(word: string, candidates: readonly string[]): string {
  const rated = [...new Set(candidates)].map((name) => ({ name, distance: likeness(word, plain(name)) }));
  const best = rated.sort((a, b) => a.distance - b.distance || (a.name < b.name ? -1 : 1)).slice(0, 5);
  return `; near it: ${best.map(({ name }) => name).join(", ")}; espeak-ng --voices lists all`;
}

/** Less is more alike: a shared beginning counts for most, then the number of letters to change. */
function likeness(a: string, b: string): number {
  const [head] = a.split(/[-\s]/);
  return editDistance(a, b) - (head && b.split(/[-\s]/)[0] === head ? 100 : 0);
}

/** Letters to insert, leave out or change (Levenshtein). */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const above = row;
    row = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = (above[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      row.push(Math.min(change, (above[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1));
    }
  }
  return row[b.length] ?? 0;
}
