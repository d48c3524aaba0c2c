import { z } from "zod";
import { linkSchema } from "#engine/plugin";
import { accessFields } from "../access.ts";
import { MOST_ALTERNATIVES } from "../wire.ts";

const language = z.string().min(2).max(35);

const streamFields = {
  ...accessFields,
  source: language.describe("What is spoken, as the vendor's console names it: zh, en, ja, es, …"),
  alternatives: z
    .array(language)
    .max(MOST_ALTERNATIVES, `the service takes at most ${MOST_ALTERNATIVES} alternative languages`)
    .default([])
    .describe("What else may be spoken, up to three. The service listens for about 3 s before it decides."),
  partials: z.boolean().default(true).describe("Asks for temporary results."),
  codec: z
    .enum(["pcm", "opus"])
    .default("pcm")
    .describe("How audio is sent. Opus packets of 20 ms that come in pass as they are."),
  silenceMs: z
    .union([z.literal(-1), z.int().min(200).max(2000)])
    .optional()
    .describe("The silence that ends a sentence, in ms; -1: silence does not. Left out: the service's own."),
  userId: z.string().default("").describe("A label for the vendor's console."),
  answerMs: z
    .int()
    .min(100)
    .max(60_000)
    .default(5000)
    .describe("How long an answer may take until the connection counts as lost, in ms."),
  lingerMs: z
    .int()
    .min(0)
    .max(30_000)
    .default(1000)
    .describe("How long to wait for results of open sentences after the stream was closed, in ms from the last one."),
  concurrency: z.int().min(0).default(0).describe("Streams at once of one credential in this process; 0 is off."),
  link: linkSchema,
};

/** What stands in `with:` of `rtvt.asr`. */
export const asrConfig = z.strictObject(streamFields);

/** What stands in `with:` of `rtvt.interpret`. */
export const interpretConfig = z.strictObject({
  ...streamFields,
  target: z
    .union([language, z.array(language).min(1).max(20)])
    .describe("Into what: one language, or a list of them; each text says which it is in."),
  transcripts: z.boolean().default(true).describe("Asks for what was said, beside its translation."),
  speech: z.boolean().default(false).describe("Asks for the translations as speech, too."),
  speaker: z.string().default("").describe("The voice of it; left out: the service's own."),
});

export type AsrSettings = z.output<typeof asrConfig>;
export type InterpretSettings = z.output<typeof interpretConfig>;

/** What a stream is asked for: recognition alone, or with translation. */
export type StreamSettings = AsrSettings &
  Partial<Pick<InterpretSettings, "target" | "transcripts" | "speech" | "speaker">>;

/** Languages to translate into. */
export const targetsOf = ({ target }: StreamSettings): readonly string[] =>
  target === undefined ? [] : typeof target === "string" ? [target] : target;

/** Several languages are named beside each piece of audio, one when the stream begins. */
export const manyTargets = (settings: StreamSettings): boolean => Array.isArray(settings.target);

/** The values of `voiceStart`. */
export const startValues = (settings: StreamSettings): Record<string, unknown> => {
  const targets = targetsOf(settings);
  const [only] = targets;
  return {
    asrResult: settings.transcripts ?? true,
    asrTempResult: settings.partials,
    transResult: targets.length > 0,
    srcLanguage: settings.source,
    destLanguage: manyTargets(settings) ? "" : (only ?? ""),
    srcAltLanguage: settings.alternatives,
    ttsResult: settings.speech ?? false,
    ttsSpeaker: settings.speaker ?? "",
    userId: settings.userId,
    codec: settings.codec === "opus" ? 1 : 0,
    ...(settings.silenceMs !== undefined && { vadSlienceTime: settings.silenceMs }),
  };
};
