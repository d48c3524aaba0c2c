import { z } from "zod";
import { fromEnv, linkSchema, live, OPUS_RATES_HZ } from "#engine/plugin";
import { accessFields, socketField } from "../access.ts";
import { HEARING_PREFIXES, hearingFamily, languageCode, languagesInstead, modelRatesHz } from "../models.ts";
import { hotWordsField } from "./hot-words.ts";

const RATES_HZ = [16000, 8000, 22050, 24000, 44100, 48000] as const;

/** What both nodes that hear have in common. */
const hearingFields = {
  ...accessFields,
  url: socketField,
  mode: z
    .enum(["continuous", "utterance", "single"])
    .default("continuous")
    .describe(
      "continuous: one task for the whole stream, which the service cuts into sentences. utterance: a task for each utterance that a detector marks. single: ends with the first sentence.",
    ),
  language: fromEnv(z.string().min(2).max(35).optional(), "ASR_LANG").describe(
    "What is spoken; where it is not said, the service finds out.",
  ),
  format: z
    .enum(["pcm", "opus"])
    .default("pcm")
    .describe("How audio is sent. Opus packets that come in pass as they are; audio is coded, and an event says so."),
  sampleRateHz: fromEnv(z.number().int().default(16000), "ASR_SAMPLE_RATE").describe(
    "Of what is sent; as the model takes it.",
  ),
  chunkMs: z.number().int().min(10).max(1000).default(100).describe("How much audio goes into one message."),
  bufferSize: fromEnv(z.number().int().min(1).max(65_536).optional(), "REALTIME_BUFFER_SIZE").describe(
    "Messages of audio that are held until the service is ready, up to two minutes; in place of link.bufferMs.",
  ),
  endSilenceMs: live(z.number().int().min(200).max(6000).default(800)).describe("The silence that ends a sentence."),
  vocabularyId: live(z.string().min(1).optional()).describe("A list of hot words that the service has already."),
  hotWords: hotWordsField,
  heartbeat: z
    .boolean()
    .default(true)
    .describe("Keeps a task through times without audio, by a little silence now and then; else it is finished."),
  extra: live(z.record(z.string(), z.unknown()).default({})).describe(
    "Further parameters, sent as they are beside the others, which they replace where names are the same.",
  ),
  concurrency: z.number().int().min(0).default(0).describe("Tasks at once of one key in this process; 0 is off."),
  link: linkSchema,
};

/** What stands in `with:` of `modelstudio.asr`. */
export const asrConfig = z
  .strictObject({
    ...hearingFields,
    model: z
      .string()
      .min(1)
      .default("gummy-realtime-v1")
      .describe("paraformer-realtime-v2, fun-asr-realtime, gummy-realtime-v1, qwen3-asr-flash-realtime, …"),
    otherLanguages: z
      .array(z.string().min(2).max(35))
      .max(10)
      .default([])
      .describe("What else may be spoken; Paraformer and Fun-ASR only."),
    punctuation: live(z.boolean().default(true)).describe("Adds punctuation; Paraformer and Fun-ASR only."),
    inverseTextNormalization: live(z.boolean().default(true)).describe(
      "Writes spoken numbers as digits; Paraformer and Fun-ASR only.",
    ),
    removeFillers: live(z.boolean().default(false)).describe(
      "Leaves out what people say while they think; Paraformer and Fun-ASR only.",
    ),
    semanticSentences: live(z.boolean().default(false)).describe(
      "Cuts sentences by meaning and not by silence; Paraformer and Fun-ASR only.",
    ),
    multiThreshold: live(z.boolean().default(false)).describe(
      "Keeps sentences that silence cuts from getting long; Paraformer and Fun-ASR only.",
    ),
    context: live(z.string().min(1).max(10_000).optional()).describe("What is spoken about; Qwen only."),
    noiseThreshold: live(z.number().min(-1).max(1).default(0.2)).describe(
      "The higher, the more is taken for noise; Qwen only.",
    ),
  })
  .superRefine((settings, issues) => {
    for (const [field, message] of [...findings(settings), ...asrFindings(settings)])
      issues.addIssue({ code: "custom", path: [field], message });
  });

/** What stands in `with:` of `modelstudio.interpret`. */
export const interpretConfig = z
  .strictObject({
    ...hearingFields,
    model: z.string().min(1).default("gummy-realtime-v1").describe("gummy-realtime-v1 or gummy-chat-v1."),
    target: z.string().min(2).max(35).describe("The language to translate into."),
    transcripts: z.boolean().default(true).describe("Asks for what was said, beside its translation."),
  })
  .superRefine((settings, issues) => {
    const other = hearingFamily(settings.model) !== "gummy";
    if (other)
      issues.addIssue({ code: "custom", path: ["model"], message: "only models of the Gummy family translate" });
    for (const [field, message] of findings(settings)) issues.addIssue({ code: "custom", path: [field], message });
  });

export type AsrSettings = z.output<typeof asrConfig>;
export type InterpretSettings = z.output<typeof interpretConfig>;

/** What the two have in common, with what only one of them has left open. */
export type HearingSettings = Omit<InterpretSettings, "target" | "transcripts"> &
  Partial<Omit<AsrSettings, keyof InterpretSettings>> &
  Partial<Pick<InterpretSettings, "target" | "transcripts">>;

type Finding = [field: string, message: string];

function findings(settings: {
  readonly model: string;
  readonly language?: string | undefined;
  readonly target?: string;
  readonly sampleRateHz: number;
  readonly format: string;
  readonly vocabularyId?: string | undefined;
  readonly hotWords: readonly unknown[];
}): Finding[] {
  const { model, language, target, sampleRateHz, format, vocabularyId, hotWords } = settings;
  const found: Finding[] = [];
  const rates = modelRatesHz(model) ?? RATES_HZ;
  if (!rates.includes(sampleRateHz))
    found.push(["sampleRateHz", `${model} takes ${rates.join(", ")}, not ${sampleRateHz}`]);
  if (format === "opus" && !(OPUS_RATES_HZ as readonly number[]).includes(sampleRateHz))
    found.push(["format", `opus has no ${sampleRateHz} Hz`]);
  for (const [field, tag] of [
    ["language", language],
    ["target", target],
  ] as const) {
    const instead = tag === undefined ? undefined : languagesInstead(tag, model);
    if (instead) found.push([field, `${model} does not know ${tag}; it knows ${instead.join(", ")}`]);
  }
  if (vocabularyId !== undefined && hotWords.length > 0) found.push(["hotWords", "excludes vocabularyId"]);
  if (hearingFamily(model) === "qwen" && (vocabularyId !== undefined || hotWords.length > 0))
    found.push([hotWords.length > 0 ? "hotWords" : "vocabularyId", "Qwen has no hot words: use context"]);
  return found;
}

function asrFindings({ model, otherLanguages, context }: AsrSettings): Finding[] {
  const family = hearingFamily(model);
  const found: Finding[] = [];
  if (!family) found.push(["model", `wanted a model whose name begins with ${HEARING_PREFIXES}`]);
  if (otherLanguages.length > 0 && family !== "sentences")
    found.push(["otherLanguages", "only Paraformer and Fun-ASR take several"]);
  for (const tag of otherLanguages) {
    const instead = languagesInstead(tag, model);
    if (instead) found.push(["otherLanguages", `${model} does not know ${tag}; it knows ${instead.join(", ")}`]);
  }
  if (context !== undefined && family !== "qwen") found.push(["context", "only Qwen takes a context"]);
  return found;
}

/** The languages that may be spoken, by the service's names. */
export const spokenLanguages = ({ language, otherLanguages = [] }: HearingSettings): string[] =>
  [...(language === undefined ? [] : [language]), ...otherLanguages].map(languageCode);

/** The label of transcripts: where several languages may be spoken, only the texts tell. */
export const transcriptLanguage = ({ language, otherLanguages = [] }: HearingSettings): string | undefined =>
  otherLanguages.length > 0 ? undefined : language;
