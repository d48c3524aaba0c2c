import { EngineError, z } from "#engine/plugin";
import { heardPhrase, phrase } from "../wire/recognised.ts";
import { ticksToMs } from "../wire.ts";

/** A stretch of a recording as the service tells it, in ms. */
export interface FoundPhrase {
  readonly text: string;
  readonly startMs: number;
  readonly endMs: number;
  readonly channel?: number;
  readonly speaker?: string;
  readonly language?: string;
  readonly confidence?: number;
  readonly words: readonly { readonly text: string; readonly startMs: number; readonly endMs: number }[];
}

export interface Found {
  readonly phrases: readonly FoundPhrase[];
  readonly durationMs: number;
}

type Optional = "channel" | "speaker" | "language" | "confidence";

const optional = (facts: { readonly [Name in Optional]?: FoundPhrase[Name] | undefined }) =>
  Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== undefined));

/** The answer of fast transcription: milliseconds. */
export const fastAnswer = z.looseObject({
  durationMilliseconds: z.number().default(0),
  phrases: z
    .array(
      z.looseObject({
        channel: z.number().optional(),
        speaker: z.number().optional(),
        offsetMilliseconds: z.number(),
        durationMilliseconds: z.number(),
        text: z.string(),
        words: z
          .array(z.looseObject({ text: z.string(), offsetMilliseconds: z.number(), durationMilliseconds: z.number() }))
          .default([]),
        locale: z.string().optional(),
        confidence: z.number().optional(),
      }),
    )
    .default([]),
});

export const fromFast = ({ durationMilliseconds, phrases }: z.output<typeof fastAnswer>): Found => ({
  durationMs: durationMilliseconds,
  phrases: phrases.map(({ text, channel, speaker, locale, confidence, words, ...place }) => ({
    text,
    startMs: place.offsetMilliseconds,
    endMs: place.offsetMilliseconds + place.durationMilliseconds,
    words: words.map((word) => ({
      text: word.text,
      startMs: word.offsetMilliseconds,
      endMs: word.offsetMilliseconds + word.durationMilliseconds,
    })),
    ...optional({
      channel,
      speaker: speaker === undefined ? undefined : `Guest-${speaker}`,
      language: locale,
      confidence,
    }),
  })),
});

const batchWord = z.looseObject({
  word: z.string().optional(),
  displayText: z.string().optional(),
  offsetInTicks: z.number(),
  durationInTicks: z.number(),
});

/** The file of results of batch transcription: ticks. */
export const batchResult = z.looseObject({
  durationInTicks: z.number().default(0),
  recognizedPhrases: z
    .array(
      z.looseObject({
        recognitionStatus: z.string().default("Success"),
        channel: z.number().optional(),
        speaker: z.number().optional(),
        locale: z.string().optional(),
        offsetInTicks: z.number(),
        durationInTicks: z.number(),
        nBest: z
          .array(
            z.looseObject({
              confidence: z.number().optional(),
              display: z.string(),
              words: z.array(batchWord).optional(),
              displayWords: z.array(batchWord).optional(),
            }),
          )
          .default([]),
      }),
    )
    .default([]),
});

export const fromBatch = ({ durationInTicks, recognizedPhrases }: z.output<typeof batchResult>): Found => ({
  durationMs: ticksToMs(durationInTicks),
  phrases: recognizedPhrases.flatMap(({ nBest: [best], recognitionStatus, channel, speaker, locale, ...place }) => {
    if (!best || recognitionStatus !== "Success") return [];
    const startMs = ticksToMs(place.offsetInTicks);
    const found: FoundPhrase = {
      text: best.display,
      startMs,
      endMs: startMs + ticksToMs(place.durationInTicks),
      words: (best.displayWords ?? best.words ?? []).map((word) => ({
        text: word.displayText ?? word.word ?? "",
        startMs: ticksToMs(word.offsetInTicks),
        endMs: ticksToMs(word.offsetInTicks + word.durationInTicks),
      })),
      ...optional({
        channel,
        speaker: speaker === undefined ? undefined : `Guest-${speaker}`,
        language: locale,
        confidence: best.confidence,
      }),
    };
    return [found];
  }),
});

/** Numbers of short recognition come as texts, too. */
const number = z.union([z.number(), z.string().regex(/^\d+$/).transform(Number)]);

export const shortAnswer = z.preprocess((value) => {
  const read = z.looseObject({ Offset: number.default(0), Duration: number.default(0) }).safeParse(value);
  return read.success ? read.data : value;
}, phrase);

export function fromShort(answer: z.output<typeof shortAnswer>): Found {
  const { text, startTicks, endTicks, confidence, words = [] } = heardPhrase(answer);
  const endMs = ticksToMs(endTicks);
  if (answer.RecognitionStatus !== "Success" || text === "") return { phrases: [], durationMs: endMs };
  const ms = words.map((word) => ({
    text: word.text,
    startMs: ticksToMs(word.startTicks),
    endMs: ticksToMs(word.endTicks),
  }));
  return {
    durationMs: endMs,
    phrases: [{ text, startMs: ticksToMs(startTicks), endMs, words: ms, ...optional({ confidence }) }],
  };
}

/** @throws EngineError VENDOR_PROTOCOL for an answer that is not what was asked for; without quoting it. */
export function readAnswer<T>(schema: z.ZodType<T>, text: string, what: string): T {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new EngineError("VENDOR_PROTOCOL", `Azure answered ${what} with something that is no JSON`);
  }
  const read = schema.safeParse(value);
  if (read.success) return read.data;
  const where = read.error.issues[0]?.path.join(".") || "its top";
  throw new EngineError("VENDOR_PROTOCOL", `Azure answered ${what} with something else than was expected at ${where}`);
}
