import type { TextFrame } from "#engine/plugin";
import { spokenWords } from "../words.ts";

const UNSPACED = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Po}]/u;

/** The texts of a turn as one final: it begins with the first and is the utterance of the last. */
export function joined(pieces: readonly TextFrame[]): TextFrame {
  const first = pieces[0]!;
  const { words: _words, confidence: _confidence, vendor: _vendor, ...last } = pieces.at(-1)!;
  if (pieces.length === 1) return first;
  const text = pieces.map((piece) => piece.text.trim()).reduce(together);
  const words = pieces.flatMap((piece) => piece.words ?? []);
  const confidences = pieces.flatMap(({ confidence }) => confidence ?? []);
  const whole = <T>(found: readonly T[]) => found.length === pieces.length;
  return {
    ...last,
    text,
    stableChars: text.length,
    startSample: first.startSample,
    ...(pieces.every((piece) => piece.words) && { words }),
    ...(whole(confidences) && { confidence: Math.min(...confidences) }),
  };
}

/** Scripts without spaces get none. */
function together(left: string, right: string): string {
  const unspaced = UNSPACED.test(left.at(-1) ?? "") && UNSPACED.test(right[0] ?? "");
  return unspaced ? left + right : `${left} ${right}`.trim();
}

/** Lists of phrases, by their words. */
export const phraseWords = (phrases: readonly string[]): string[][] =>
  phrases.map((phrase) => spokenWords(phrase).map(({ word }) => word)).filter((words) => words.length > 0);

/** The text ends with one of the phrases. */
export function endsWith(text: string, phrases: readonly (readonly string[])[]): boolean {
  const words = spokenWords(text).map(({ word }) => word);
  return phrases.some(
    (phrase) =>
      phrase.length <= words.length && phrase.every((word, at) => word === words[words.length - phrase.length + at]),
  );
}

/** Nothing but words of the list. */
export const isOnly = (text: string, words: ReadonlySet<string>): boolean =>
  spokenWords(text).every(({ word }) => words.has(word));

/** A sentence that goes on, as far as its signs say. */
export const trailsOff = (text: string): boolean => /[,;:…、，；：–—-]\s*$|\.\.\.\s*$/u.test(text);
