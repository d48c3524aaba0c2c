import { z } from "zod";
import type { TextFrame, Word } from "#engine/plugin";
import { present } from "../wire.ts";

/** Times are ms from the first audio of the task. */
const word = z.looseObject({
  begin_time: z.number().nullish(),
  end_time: z.number().nullish(),
  text: z.string(),
  punctuation: z.string().nullish(),
  /** Of Gummy: false where it may still change. */
  fixed: z.boolean().nullish(),
  speaker_id: z.union([z.string(), z.number()]).nullish(),
});

const timed = {
  begin_time: z.number().nullish(),
  /** Null while the sentence is open. */
  end_time: z.number().nullish(),
  text: z.string(),
  words: z.array(word).nullish(),
  sentence_end: z.boolean().nullish(),
};

/** `result-generated` of Paraformer and Fun-ASR. */
export const sentenceResult = z.looseObject({
  output: z.looseObject({
    sentence: z
      .looseObject({
        ...timed,
        text: z.string().nullish(),
        sentence_id: z.number().int().nullish(),
        heartbeat: z.boolean().nullish(),
        emo_tag: z.string().nullish(),
        emo_confidence: z.number().nullish(),
      })
      .nullish(),
  }),
});

const gummySentence = z.looseObject({
  ...timed,
  sentence_id: z.number().int(),
  current_time: z.number().nullish(),
  vad_pre_end: z.boolean().nullish(),
});

/** `result-generated` of Gummy: what was said, what it means in another language, or both. */
export const gummyResult = z.looseObject({
  output: z.looseObject({
    transcription: gummySentence.nullish(),
    translations: z.array(gummySentence.extend({ lang: z.string() })).nullish(),
  }),
});

export interface HeardWord {
  readonly text: string;
  readonly beginMs: number;
  readonly endMs: number;
}

/** A sentence as one event tells it, in the engine's terms; its times are still ms of the task. */
export interface Heard {
  /** The service's own name of the sentence, which a translation shares with what it was made from. */
  readonly key: string;
  readonly role: "transcript" | "translation";
  readonly language?: string;
  readonly text: string;
  readonly final: boolean;
  /** How much of the beginning will not change. */
  readonly stableChars: number;
  readonly beginMs: number;
  readonly endMs: number;
  readonly words: readonly HeardWord[];
  readonly speaker?: string;
  readonly vendor: NonNullable<TextFrame["vendor"]>;
}

/**
 * What an event of Paraformer or Fun-ASR says; undefined for a heartbeat and for one without a sentence.
 * @param open names the sentence that is under way where the service does not: it gives numbers with newer models only.
 */
export function heardSentence(payload: z.output<typeof sentenceResult>, open: number): Heard | undefined {
  const { sentence } = payload.output;
  if (!sentence || sentence.heartbeat === true) return undefined;
  const { text, end_time, sentence_end, sentence_id, emo_tag, emo_confidence } = sentence;
  const words = wordsOf(sentence.words);
  const beginMs = sentence.begin_time ?? words[0]?.beginMs ?? 0;
  return {
    key: present(sentence_id) && sentence_id > 0 ? `${sentence_id}` : `open ${open}`,
    role: "transcript",
    text: text ?? "",
    final: sentence_end === true || present(end_time),
    stableChars: 0,
    beginMs,
    endMs: end_time ?? words.at(-1)?.endMs ?? beginMs,
    words,
    vendor: {
      ...(present(sentence_id) && { sentence: sentence_id }),
      ...(present(emo_tag) && { emotion: emo_tag }),
      ...(present(emo_confidence) && { emotionConfidence: emo_confidence }),
    },
  };
}

/** What an event of Gummy says: the transcript before its translations. */
export function heardByGummy({ output }: z.output<typeof gummyResult>): Heard[] {
  const heard: Heard[] = [];
  if (output.transcription) heard.push(gummyHeard(output.transcription, { role: "transcript" }));
  for (const translation of output.translations ?? [])
    heard.push(gummyHeard(translation, { role: "translation", language: translation.lang }));
  return heard;
}

function gummyHeard(sentence: z.output<typeof gummySentence>, as: Pick<Heard, "role" | "language">): Heard {
  const words = wordsOf(sentence.words);
  const beginMs = sentence.begin_time ?? words[0]?.beginMs ?? 0;
  const speaker = speakerOf(sentence.words ?? []);
  return {
    ...as,
    key: `${sentence.sentence_id}`,
    text: sentence.text,
    final: sentence.sentence_end === true,
    stableChars: fixedChars(sentence.text, sentence.words ?? []),
    beginMs,
    endMs: sentence.end_time ?? sentence.current_time ?? words.at(-1)?.endMs ?? beginMs,
    words,
    ...(speaker !== undefined && { speaker }),
    vendor: { sentence: sentence.sentence_id, ...(sentence.vad_pre_end === true && { preEnd: 1 }) },
  };
}

const wordsOf = (words: readonly z.output<typeof word>[] | null | undefined): HeardWord[] =>
  (words ?? []).flatMap(({ text, begin_time, end_time }) =>
    text.trim() === "" || !present(begin_time)
      ? []
      : [{ text: text.trim(), beginMs: begin_time, endMs: end_time ?? begin_time }],
  );

/** How far the words at the beginning will not change, counted in the text itself: blanks between words are in neither. */
function fixedChars(text: string, words: readonly z.output<typeof word>[]): number {
  let at = 0;
  for (const { fixed, text: wordText, punctuation } of words) {
    if (fixed !== true) break;
    const found = text.indexOf(wordText.trim(), at);
    if (found < 0 || text.slice(at, found).trim() !== "") break;
    at = found + wordText.trim().length;
    const mark = punctuation?.trim() ?? "";
    if (mark !== "" && text.startsWith(mark, at)) at += mark.length;
  }
  return at;
}

/** The speaker of all words; undefined where they differ or none is named. */
function speakerOf(words: readonly z.output<typeof word>[]): string | undefined {
  const [first, ...others] = words.map(({ speaker_id }) => speaker_id);
  return present(first) && others.every((other) => other === first) ? `${first}` : undefined;
}

/** Words in order, none outside of their text. @param position turns ms of the task into a position of the run. */
export function placedWords(
  words: readonly HeardWord[],
  position: (ms: number) => number,
  [from, to]: readonly [number, number],
): Word[] {
  let end = from;
  return words.map(({ text, beginMs, endMs }) => {
    const startSample = Math.min(to, Math.max(end, position(beginMs)));
    end = Math.min(to, Math.max(startSample, position(endMs)));
    return { text, startSample, endSample: end };
  });
}

/** With a blank between, unless the writing has none. */
export function joinTexts(before: string, after: string): string {
  const unspaced = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\u3000-\u303f\uff00-\uffef]/u;
  const [last = ""] = [...before].slice(-1);
  const [first = ""] = after;
  const close = before === "" || after === "" || (unspaced.test(last) && unspaced.test(first));
  return close ? before + after : `${before} ${after}`;
}
