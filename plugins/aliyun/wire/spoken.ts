import { z } from "zod";
import type { SpokenWord } from "#engine/plugin";

/** The payload of `MetaInfo`: times in ms from the start of the task's audio. */
const subtitle = z.looseObject({
  text: z.string(),
  begin_time: z.number(),
  end_time: z.number(),
  begin_index: z.number().int().nullish(),
  end_index: z.number().int().nullish(),
  /** In flowing synthesis: the entry that stands for the whole sentence. */
  sentence: z.boolean().nullish(),
});

/** The payload of `MetaInfo`, `SentenceSynthesis` and of the `SentenceEnd` of flowing synthesis. */
export const subtitled = z.looseObject({ subtitles: z.array(subtitle).nullish() });

export type Subtitle = z.output<typeof subtitle>;

/** The payload of the `SynthesisCompleted` of flowing synthesis. */
export const measured = z.looseObject({ measureLength: z.number().nullish() });

/** The spoken words of subtitles, in order. */
export const spokenWords = (subtitles: readonly Subtitle[] | null | undefined): SpokenWord[] =>
  (subtitles ?? [])
    .filter((entry) => entry.sentence !== true && entry.text !== "")
    .map(({ text, begin_time, end_time }) => ({ text, beginMs: begin_time, endMs: end_time }));

/** How a text's length is counted against limits: a character of Chinese, Japanese or Korean writing is two. */
export function countedLength(text: string): number {
  let length = 0;
  for (const character of text) length += isWide(character) ? 2 : 1;
  return length;
}

const isWide = (character: string): boolean =>
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\u3000-\u303f\uff00-\uffef]/u.test(character);

/** Sentences end here, in the writing of either world. */
const AFTER_SENTENCE = /(?<=[.!?;…]["')\]]?\s|[。！？；…]["’”」』）]?|\n)/u;
const AFTER_CLAUSE = /(?<=[,:]\s|[，、：])/u;
const AFTER_WORD = /(?<=\s)/u;

/**
 * Cuts a text into pieces of at most so many counted characters: at the ends of sentences, else of clauses, else of words, and within a
 * word only where it alone is too long. Joined again they are the text.
 */
export function splitText(text: string, limit: number): string[] {
  return splitAt(text, limit, [AFTER_SENTENCE, AFTER_CLAUSE, AFTER_WORD, /(?:)/u]);
}

function splitAt(text: string, limit: number, [cut, ...finer]: readonly RegExp[]): string[] {
  if (countedLength(text) <= limit || cut === undefined) return text === "" ? [] : [text];
  const pieces: string[] = [];
  let piece = "";
  for (const part of text.split(cut)) {
    if (countedLength(piece) + countedLength(part) <= limit) piece += part;
    else {
      if (piece !== "") pieces.push(piece);
      const parts = splitAt(part, limit, finer);
      piece = parts.pop() ?? "";
      pieces.push(...parts);
    }
  }
  return piece === "" ? pieces : [...pieces, piece];
}
