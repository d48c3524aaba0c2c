import { z } from "zod";
import { present } from "../wire.ts";

const word = z.looseObject({
  text: z.string(),
  begin_time: z.number().nullish(),
  end_time: z.number().nullish(),
});

/** `result-generated` and `task-finished` of synthesis, of all services; older ones say no `type`. */
export const spokenResult = z.looseObject({
  output: z
    .looseObject({
      type: z.string().nullish(),
      original_text: z.string().nullish(),
      sentence: z.looseObject({ index: z.number().int().nullish(), words: z.array(word).nullish() }).nullish(),
      /** Of HTTP synthesis. */
      audio: z.looseObject({ data: z.string().nullish(), url: z.string().nullish() }).nullish(),
      finish_reason: z.string().nullish(),
    })
    .nullish(),
  usage: z.looseObject({ characters: z.number().nullish() }).nullish(),
});

export type SpokenResult = z.output<typeof spokenResult>;

/** A word as the service times it, in ms. */
export interface TimedWord {
  readonly text: string;
  readonly beginMs: number;
  readonly endMs: number;
}

/**
 * The words of a sentence, in ms of the task's audio. The documents do not say where their times count from: words that lie well before
 * their sentence's own audio are taken to count from its beginning.
 * @param sentenceMs where the sentence's audio begins in the task's.
 */
export function timedWords({ output }: SpokenResult, sentenceMs: number): TimedWord[] {
  const words = (output?.sentence?.words ?? []).filter(({ text, begin_time }) => text !== "" && present(begin_time));
  const fromMs = (words[0]?.begin_time ?? 0) < sentenceMs / 2 ? sentenceMs : 0;
  return words.map(({ text, begin_time, end_time }) => ({
    text,
    beginMs: fromMs + (begin_time ?? 0),
    endMs: fromMs + (end_time ?? begin_time ?? 0),
  }));
}

/** Sentences end here, in the writing of either world. */
const AFTER_SENTENCE = /(?<=[.!?;…]["')\]]?\s|[。！？；…]["’”」』）]?|\n)/u;
const AFTER_CLAUSE = /(?<=[,:]\s|[，、：])/u;
const AFTER_WORD = /(?<=\s)/u;

/**
 * Cuts a text into pieces of at most so many characters: at the ends of sentences, else of clauses, else of words, and within a word only
 * where it alone is too long. Joined again they are the text.
 */
export const splitText = (text: string, limit: number): string[] =>
  splitAt(text, limit, [AFTER_SENTENCE, AFTER_CLAUSE, AFTER_WORD, /(?:)/u]);

function splitAt(text: string, limit: number, [cut, ...finer]: readonly RegExp[]): string[] {
  if ([...text].length <= limit || cut === undefined) return text === "" ? [] : [text];
  const pieces: string[] = [];
  let piece = "";
  for (const part of text.split(cut)) {
    if ([...piece].length + [...part].length <= limit) piece += part;
    else {
      if (piece !== "") pieces.push(piece);
      const parts = splitAt(part, limit, finer);
      piece = parts.pop() ?? "";
      pieces.push(...parts);
    }
  }
  return piece === "" ? pieces : [...pieces, piece];
}
