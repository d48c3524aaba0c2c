/** A word of a text, as it is compared, and where it stands. */
export interface SpokenWord {
  /** Without case and punctuation. */
  readonly word: string;
  readonly start: number;
  /** Behind its last character. */
  readonly end: number;
}

/** A character of a script that puts no spaces between words, or a stretch of letters and digits. */
const WORD =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]\p{M}*|[\p{L}\p{N}\p{M}]+(?:['’][\p{L}\p{N}]+)*/gu;

export const wordsOf = (text: string): SpokenWord[] =>
  Array.from(text.matchAll(WORD), ({ 0: word, index }) => ({
    word: word.normalize("NFKC").toLowerCase(),
    start: index,
    end: index + word.length,
  }));

export interface Overlap {
  /** How many words at the beginning were said before. */
  readonly words: number;
  /** How many of the words that were said before are behind them. */
  readonly through: number;
}

interface OverlapOptions {
  /** The last word may still grow. */
  readonly partial: boolean;
  /** Words that may have been said before, at most. */
  readonly most: number;
}

const NOTHING: Overlap = { words: 0, through: 0 };
const SAME = 2;
const ALIKE = 1;
const OTHER = -1;
/** The first word was cut, and was heard as something else. */
const SPLINTER = -1;
const SKIPPED = -2;

/**
 * The words at the beginning of `now` that say again what stands at the end of `before`, though a word or two may be heard otherwise the second
 * time, or only the end of the first one. Zero where they do not agree in more than they differ in. Where `now` is all there so far and lies
 * in the midst of the end of `before`, it is all said again.
 * @see Smith and Waterman, 1981, for the scheme: the best local alignment, here of an end with a beginning.
 */
export function leadingOverlap(
  before: readonly string[],
  now: readonly SpokenWord[],
  options: OverlapOptions,
): Overlap {
  const most = Math.min(options.most, now.length, before.length + 2);
  const words = now.slice(0, most).map(({ word }) => word);
  // scores[j]: the best of the ends of `before` up to a word, aligned with the first j words
  let scores = [0, ...words.map((_, j) => SPLINTER + j * SKIPPED)];
  for (const said of before) {
    const next = [0];
    for (const [j, word] of words.entries())
      next.push(Math.max(scores[j]! + likeness(said, word, j === 0), scores[j + 1]! + SKIPPED, next[j]! + SKIPPED));
    scores = next;
  }
  const best = Math.max(...scores);
  const inside = most === now.length ? within(before, words, options.partial) : NOTHING;
  if (inside.words > 0 && inside.words * SAME >= best) return inside;
  return best > 0 ? { words: scores.indexOf(best), through: before.length } : NOTHING;
}

function likeness(said: string, word: string, first: boolean): number {
  if (said === word) return SAME;
  if (first && word.length >= 2 && said.endsWith(word)) return ALIKE;
  return differences(said, word) * 3 <= Math.max(said.length, word.length) ? ALIKE : OTHER;
}

/** Where all words stand in a row within `before`. */
function within(before: readonly string[], words: readonly string[], partial: boolean): Overlap {
  for (let from = before.length - words.length; from >= 0 && words.length > 0; from--) {
    const agrees = words.every((word, k) => {
      const said = before[from + k]!;
      return said === word || (partial && k === words.length - 1 && said.startsWith(word));
    });
    if (agrees) return { words: words.length, through: from + words.length };
  }
  return NOTHING;
}

/** The edit distance of two words (Levenshtein, 1965). */
function differences(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++)
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)));
    row = next;
  }
  return row[b.length]!;
}
