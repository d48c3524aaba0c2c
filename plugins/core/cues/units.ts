/** What a reader may take for an end: of a sentence, of a phrase, or only of a word. */
export type Ending = "sentence" | "phrase" | "word";

/** A piece of text that is never broken: a word with its punctuation, or one word of a script that writes no spaces. */
export interface Unit {
  readonly text: string;
  /** A space stands before it unless it begins a line. */
  readonly spaced: boolean;
  /** UTF-16 offsets in the text that it is part of. */
  readonly from: number;
  readonly to: number;
  /** In columns: a wide East Asian character takes two. */
  readonly width: number;
  readonly ends: Ending;
}

const closing = `["'”’»)\\]）」』〉》]*$`;
const sentenceEnd = new RegExp(`[.!?…。！？।؟]${closing}`, "u");
const fullStop = new RegExp(`\\.${closing}`, "u");
const phraseEnd = new RegExp(`[,;:，、；：،؛—–]${closing}`, "u");
/** A full stop after these ends no sentence: single letters, and titles in the languages met most. */
const abbreviation = /^["'“‘«([¿¡]*(?:\p{L}|(?:\p{L}\.)+\p{L}|mrs?|ms|dr|prof|st|vs|no|sra?|srta|dra|hr|fr|mme|m)\.$/iu;
const unspacedScript =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/u;
const opening = /^[\p{Ps}\p{Pi}¿¡]+$/u;

/** A text on one line: every run of white space and control characters is one space, as a cue must hold no empty line. */
export const tidy = (text: string): string => text.replace(/[\s\p{Cc}]+/gu, " ").trim();

/** Columns that a text takes; the same measure serves line length and reading speed. */
export const widthOf = (text: string): number => Bun.stringWidth(text);

/**
 * Cuts a tidy text into its units. A unit wider than a line is cut where the line ends.
 * @param lineChars columns of a line, at least 2.
 */
export function unitsOf(text: string, lineChars: number): Unit[] {
  const rough: { text: string; spaced: boolean; from: number }[] = [];
  for (const run of text.matchAll(/\S+/gu)) {
    let from = run.index;
    const words = unspacedScript.test(run[0]) ? unspacedWords(run[0]) : [run[0]];
    for (const part of words.flatMap((word) => pieces(word, lineChars))) {
      rough.push({ text: part, spaced: from === run.index && from > 0, from });
      from += part.length;
    }
  }
  return rough.map((unit, i) => ({
    ...unit,
    to: unit.from + unit.text.length,
    width: widthOf(unit.text),
    ends: endingOf(unit.text, rough[i + 1]?.text),
  }));
}

function endingOf(unit: string, next: string | undefined): Ending {
  if (next === undefined) return "sentence";
  if (sentenceEnd.test(unit)) {
    const inside = fullStop.test(unit) && (abbreviation.test(unit) || /^\p{Ll}/u.test(next));
    return inside ? "word" : "sentence";
  }
  return phraseEnd.test(unit) ? "phrase" : "word";
}

/** The words of a run without spaces: punctuation stays with the word before it, an opening bracket with the one after. */
function unspacedWords(run: string): string[] {
  const words: string[] = [];
  let pending = "";
  for (const { segment, isWordLike } of new Intl.Segmenter("und", { granularity: "word" }).segment(run)) {
    const before = words.at(-1);
    if (opening.test(segment)) pending += segment;
    else if (isWordLike || before === undefined || pending !== "") {
      words.push(pending + segment);
      pending = "";
    } else words[words.length - 1] = before + segment;
  }
  if (pending !== "") words.push(pending);
  return words;
}

function pieces(word: string, lineChars: number): string[] {
  if (widthOf(word) <= lineChars) return [word];
  const cut: string[] = [];
  let piece = "";
  for (const { segment } of new Intl.Segmenter("und", { granularity: "grapheme" }).segment(word)) {
    if (piece !== "" && widthOf(piece + segment) > lineChars) {
      cut.push(piece);
      piece = "";
    }
    piece += segment;
  }
  return [...cut, piece];
}
