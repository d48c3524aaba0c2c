import { EngineError, z } from "#engine/plugin";
import type { SpeechMessage } from "../wire.ts";

const ticks = z.number();
const language = z.object({ Language: z.string() });

/** 0 where it is left out. */
const place = { Offset: ticks.optional(), Duration: ticks.optional() };

const word = z.object({ Word: z.string(), Offset: ticks, Duration: ticks });

export const hypothesis = z.object({
  Text: z.string(),
  ...place,
  PrimaryLanguage: language.optional(),
  SpeakerId: z.string().optional(),
});

const STATUSES = [
  "Success",
  "NoMatch",
  "InitialSilenceTimeout",
  "BabbleTimeout",
  "Error",
  "EndOfDictation",
  "TooManyRequests",
  "BadRequest",
  "Forbidden",
] as const;

export type RecognitionStatus = (typeof STATUSES)[number];

export const phrase = z.object({
  RecognitionStatus: z.enum(STATUSES),
  DisplayText: z.string().optional(),
  ...place,
  PrimaryLanguage: language.optional(),
  SpeakerId: z.string().optional(),
  NBest: z
    .array(
      z.object({
        Confidence: z.number().optional(),
        Display: z.string().optional(),
        Words: z.array(word).optional(),
      }),
    )
    .optional(),
});

const translations = z.object({
  TranslationStatus: z.string().optional(),
  Translations: z
    .array(z.object({ Language: z.string(), Text: z.string().optional(), DisplayText: z.string().optional() }))
    .default([]),
});

/** The older form: `translation.hypothesis` and `translation.phrase`. */
export const translated = z.object({
  RecognitionStatus: z.enum(STATUSES).optional(),
  Text: z.string().default(""),
  ...place,
  PrimaryLanguage: language.optional(),
  Translation: translations.optional(),
});

/** The newer one: `translation.response`. */
export const translationResponse = translations.extend({
  SpeechPhrase: phrase.optional(),
  SpeechHypothesis: hypothesis.optional(),
});

export type Phrase = z.output<typeof phrase>;
export type Hypothesis = z.output<typeof hypothesis>;
export type Translations = z.output<typeof translations>;

/** @throws EngineError VENDOR_PROTOCOL when the body is not what its path promises; without quoting it. */
export function readBody<T>({ path, body }: Pick<SpeechMessage, "path" | "body">, schema: z.ZodType<T>): T {
  let value: unknown;
  try {
    value = JSON.parse(typeof body === "string" ? body : "");
  } catch {
    throw new EngineError("VENDOR_PROTOCOL", `Azure sent ${path} with a body that is no JSON`);
  }
  const read = schema.safeParse(value);
  if (read.success) return read.data;
  const where = read.error.issues[0]?.path.join(".") ?? "";
  throw new EngineError(
    "VENDOR_PROTOCOL",
    `Azure sent ${path} with something else than was expected at ${where || "its top"}`,
  );
}

export interface HeardWord {
  readonly text: string;
  readonly startTicks: number;
  readonly endTicks: number;
}

/** A piece of recognised speech, times in ticks from the beginning of the turn's audio. */
export interface Heard {
  readonly text: string;
  readonly startTicks: number;
  readonly endTicks: number;
  readonly language?: string | undefined;
  readonly speaker?: string | undefined;
  readonly confidence?: number | undefined;
  readonly words?: readonly HeardWord[] | undefined;
}

/** What hypotheses and phrases have in common. */
type Facts = Omit<Hypothesis, "Text">;

const heardFrom = (text: string, { Offset = 0, Duration = 0, PrimaryLanguage, SpeakerId }: Facts): Heard => ({
  text,
  startTicks: Offset,
  endTicks: Offset + Duration,
  language: PrimaryLanguage?.Language || undefined,
  speaker: SpeakerId || undefined,
});

export const heardSoFar = (from: Hypothesis): Heard => heardFrom(from.Text, from);

/** Of detailed output the best reading counts. */
export function heardPhrase(from: Phrase): Heard {
  const best = from.NBest?.[0];
  const words = best?.Words?.map(({ Word, Offset, Duration }) => ({
    text: Word,
    startTicks: Offset,
    endTicks: Offset + Duration,
  }));
  return {
    ...heardFrom(best?.Display ?? from.DisplayText ?? "", from),
    confidence: best?.Confidence,
    words,
  };
}
