import { z } from "zod";
import { type SpokenWord, splitText as splitSpoken } from "#engine/plugin";

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

/** Cuts a text into pieces of at most so many counted characters, where it can at the ends of sentences. */
export const splitText = (text: string, limit: number): string[] => splitSpoken(text, limit, countedLength);
