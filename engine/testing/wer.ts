/** How a text differs from what was said, word by word, by an alignment with the fewest edits. */
export interface WordErrors {
  /** Words of the reference. */
  readonly words: number;
  readonly substituted: number;
  readonly deleted: number;
  readonly inserted: number;
  /** All three together. */
  readonly errors: number;
}

/** Spelled-out titles, which a recogniser may write short: both count as the short one. */
const TITLES: Readonly<Record<string, string>> = { mister: "mr", missus: "mrs", doctor: "dr" };

/**
 * A text as the words that are compared: lower case, accents composed (NFC), a hyphen or dash parts words, an apostrophe inside a
 * word stays (and is the plain one), all other punctuation goes, `mister`, `missus` and `doctor` are `mr`, `mrs` and `dr`. Numbers are
 * not spelled out.
 */
export function comparableWords(text: string): string[] {
  const found = text
    .normalize("NFC")
    .toLowerCase()
    .replaceAll("’", "'")
    .match(/[\p{L}\p{N}]+(?:'[\p{L}\p{N}]+)*/gu);
  return (found ?? []).map((word) => TITLES[word] ?? word);
}

/** Counts the word errors of a text. Where several alignments are equally short, substitutions come before insertions with deletions. */
export function wordErrors(reference: string, heard: string): WordErrors {
  const [wanted, got] = [comparableWords(reference), comparableWords(heard)];
  let above = got.map((_, i) => none(0, i + 1));
  above.unshift(none(0, 0));
  for (const [row, word] of wanted.entries()) {
    const line = [none(row + 1, 0)];
    for (const [column, other] of got.entries()) {
      const [diagonal, up, left] = [above[column]!, above[column + 1]!, line[column]!];
      line.push(
        best(
          word === other ? diagonal : edited(diagonal, "substituted"),
          edited(up, "deleted"),
          edited(left, "inserted"),
        ),
      );
    }
    above = line;
  }
  return { ...above[got.length]!, words: wanted.length };
}

/** The errors of several texts together. */
export function sumWordErrors(parts: readonly WordErrors[]): WordErrors {
  const sum = (key: keyof WordErrors) => parts.reduce((total, part) => total + part[key], 0);
  return {
    words: sum("words"),
    substituted: sum("substituted"),
    deleted: sum("deleted"),
    inserted: sum("inserted"),
    errors: sum("errors"),
  };
}

/** Errors for each word of the reference, so more than 1 where much was inserted; of an empty reference 0, or infinite where anything was heard. */
export const wordErrorRate = ({ errors, words }: WordErrors): number =>
  words > 0 ? errors / words : errors > 0 ? Number.POSITIVE_INFINITY : 0;

const none = (deleted: number, inserted: number): WordErrors => ({
  words: 0,
  substituted: 0,
  deleted,
  inserted,
  errors: deleted + inserted,
});

const edited = (from: WordErrors, kind: "substituted" | "deleted" | "inserted"): WordErrors => ({
  ...from,
  [kind]: from[kind] + 1,
  errors: from.errors + 1,
});

function best(first: WordErrors, ...others: readonly WordErrors[]): WordErrors {
  let found = first;
  for (const other of others) if (other.errors < found.errors) found = other;
  return found;
}
