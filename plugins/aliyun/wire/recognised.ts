import { z } from "zod";
import type { TextFrame, Word } from "#engine/plugin";

const word = z.looseObject({ text: z.string(), startTime: z.number(), endTime: z.number() });

/** The payload of `RecognitionResultChanged` and `RecognitionCompleted`. */
export const recognised = z.looseObject({
  result: z.string().nullish(),
  /** Ms of audio that was processed. */
  duration: z.number().nullish(),
  confidence: z.number().nullish(),
  words: z.array(word).nullish(),
});

/** The payload of `SentenceBegin`. */
export const sentenceBegin = z.looseObject({ index: z.number().int(), time: z.number().nullish() });

/** The payload of `TranscriptionResultChanged` and `SentenceEnd`. Times are ms from the first sample of the task. */
export const sentence = z.looseObject({
  index: z.number().int(),
  time: z.number().nullish(),
  begin_time: z.number().nullish(),
  result: z.string().nullish(),
  confidence: z.number().nullish(),
  words: z.array(word).nullish(),
  status: z.number().int().nullish(),
  emo_tag: z.string().nullish(),
  emo_confidence: z.number().nullish(),
});

/** A result in the engine's terms, its times still ms of the task. */
export interface Heard {
  readonly text: string;
  readonly final: boolean;
  readonly beginMs: number;
  readonly endMs: number;
  readonly confidence?: number;
  readonly words?: readonly z.output<typeof word>[];
  /** The vendor's own ids and times. */
  readonly vendor: Readonly<Record<string, string | number>>;
}

const present = <T>(value: T | null | undefined): value is T => value !== null && value !== undefined;

/** Of one-sentence recognition: a text of the whole task so far. @param sentMs what stands in for a `duration` that is missing. */
export const heardSoFar = (payload: z.output<typeof recognised>, final: boolean, sentMs: number): Heard => ({
  text: payload.result ?? "",
  final,
  beginMs: 0,
  endMs: payload.duration ?? sentMs,
  ...(present(payload.confidence) && { confidence: payload.confidence }),
  ...(present(payload.words) && { words: payload.words }),
  vendor: present(payload.duration) ? { durationMs: payload.duration } : {},
});

/** Of transcription: a text of one sentence. @param beganMs what its `SentenceBegin` said. */
export const heardSentence = (payload: z.output<typeof sentence>, final: boolean, beganMs: number): Heard => ({
  text: payload.result ?? "",
  final,
  beginMs: payload.begin_time ?? beganMs,
  endMs: payload.time ?? payload.begin_time ?? beganMs,
  ...(present(payload.confidence) && { confidence: payload.confidence }),
  ...(present(payload.words) && { words: payload.words }),
  vendor: {
    index: payload.index,
    ...(present(payload.status) && { status: payload.status }),
    ...(present(payload.emo_tag) && { emotion: payload.emo_tag }),
    ...(present(payload.emo_confidence) && { emotionConfidence: payload.emo_confidence }),
  },
});

/** Where and as what a result stands in the run. */
export interface Place {
  readonly utterance: string;
  readonly revision: number;
  readonly taskId: string;
  readonly language?: string;
  readonly sampleRateHz: number;
  /** Turns ms of the task into positions of the run. */
  position(ms: number): number;
  /** Nothing begins before it: the end of the final before, or the opening mark. */
  readonly fromSample: number;
}

/** The frame that a result becomes. What the vendor says of times is kept in order: nothing ends before it begins, no word lies outside. */
export function textFrame(heard: Heard, place: Place): TextFrame {
  const startSample = Math.max(place.fromSample, place.position(heard.beginMs));
  const endSample = Math.max(startSample, place.position(heard.endMs));
  const { words = [], confidence } = heard;
  return {
    kind: "text",
    role: "transcript",
    text: heard.text,
    utterance: place.utterance,
    revision: place.revision,
    final: heard.final,
    stableChars: heard.final ? heard.text.length : 0,
    startSample,
    endSample,
    sampleRateHz: place.sampleRateHz,
    ...(place.language !== undefined && { language: place.language }),
    ...(words.length > 0 && { words: placedWords(words, place, startSample, endSample) }),
    ...(confidence !== undefined && { confidence: Math.min(1, Math.max(0, confidence)) }),
    vendor: { taskId: place.taskId, ...heard.vendor },
  };
}

function placedWords(words: NonNullable<Heard["words"]>, place: Place, from: number, to: number): Word[] {
  let end = from;
  return words.map(({ text, startTime, endTime }) => {
    const startSample = Math.min(to, Math.max(end, place.position(startTime)));
    end = Math.min(to, Math.max(startSample, place.position(endTime)));
    return { text, startSample, endSample: end };
  });
}
