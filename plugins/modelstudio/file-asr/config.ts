import { z } from "zod";
import { live } from "#engine/plugin";
import { accessFields } from "../access.ts";
import { hotWordsField } from "../hearing/hot-words.ts";
import { languageCode } from "../models.ts";
import { given, type Payload } from "../wire.ts";

/** What stands in `with:` of `modelstudio.file-asr`. */
export const fileConfig = z
  .strictObject({
    ...accessFields,
    model: z
      .string()
      .regex(
        /^(paraformer|fun-asr|sensevoice|qwen)/,
        "wanted a model whose name begins with paraformer, fun-asr, sensevoice or qwen",
      )
      .default("paraformer-v2")
      .describe("paraformer-v2, fun-asr, qwen3-asr-flash-filetrans, …"),
    language: z.string().min(2).max(35).optional().describe("What is spoken, as a hint and as the texts' label."),
    otherLanguages: z.array(z.string().min(2).max(35)).max(10).default([]).describe("What else may be spoken."),
    channels: live(z.array(z.number().int().min(0).max(15)).min(1).max(16).default([0])).describe(
      "Which channels of a recording are transcribed, from 0.",
    ),
    speakers: live(z.boolean().default(false)).describe("Tells speakers apart; of recordings with one channel."),
    speakerCount: live(z.number().int().min(2).max(100).optional()).describe("How many there are, where it is known."),
    removeFillers: live(z.boolean().default(false)).describe("Leaves out what people say while they think."),
    alignTimes: live(z.boolean().default(false)).describe("Takes more care with the times of words."),
    wordFilter: live(z.record(z.string(), z.unknown()).optional()).describe(
      "Which words are left out or covered, as the service's special_word_filter has it.",
    ),
    vocabularyId: live(z.string().min(1).optional()).describe("A list of hot words that the service has already."),
    hotWords: hotWordsField,
    extra: live(z.record(z.string(), z.unknown()).default({})).describe(
      "Further parameters, which replace the others where names are the same.",
    ),
    pollMs: z.number().int().min(100).max(60_000).default(1000).describe("Before the first question for a result."),
    pollMaxMs: z
      .number()
      .int()
      .min(100)
      .max(600_000)
      .default(5000)
      .describe("The longest time between two questions; it doubles every three."),
    resultMs: z
      .number()
      .int()
      .min(1000)
      .max(86_400_000)
      .default(10_800_000)
      .describe("The longest wait for a result; the task is called off then."),
    perSecond: z.number().min(0).max(1000).default(10).describe("Calls a second of one key in this process; 0 is off."),
  })
  .superRefine((settings, issues) => {
    for (const [field, message] of findings(settings)) issues.addIssue({ code: "custom", path: [field], message });
  });

export type FileSettings = z.output<typeof fileConfig>;

/** A model that takes one file, and says so in words of its own. */
export const takesOne = ({ model }: Pick<FileSettings, "model">): boolean => model.startsWith("qwen");

function findings(settings: {
  readonly model: string;
  readonly channels: readonly number[];
  readonly speakers: boolean;
  readonly speakerCount?: number | undefined;
  readonly vocabularyId?: string | undefined;
  readonly hotWords: readonly unknown[];
}): [field: string, message: string][] {
  const { model, channels, speakers, speakerCount, vocabularyId, hotWords } = settings;
  const found: [string, string][] = [];
  if (new Set(channels).size !== channels.length) found.push(["channels", "names a channel twice"]);
  if (speakers && channels.length > 1) found.push(["speakers", "are told apart in one channel only"]);
  if (speakerCount !== undefined && !speakers) found.push(["speakerCount", "means something with speakers: true only"]);
  if (vocabularyId !== undefined && hotWords.length > 0) found.push(["hotWords", "excludes vocabularyId"]);
  if (takesOne({ model }) && (vocabularyId !== undefined || hotWords.length > 0))
    found.push([hotWords.length > 0 ? "hotWords" : "vocabularyId", "Qwen has no hot words"]);
  return found;
}

/** The body of a submission. @param url of the recording. */
export function submission(settings: FileSettings, url: string, vocabularyId: string | undefined): Payload {
  const { model, channels, language, otherLanguages } = settings;
  const languages = [...(language === undefined ? [] : [language]), ...otherLanguages].map(languageCode);
  return {
    model,
    input: takesOne(settings) ? { file_url: url } : { file_urls: [url] },
    parameters: {
      channel_id: channels,
      ...(languages.length > 0 && (takesOne(settings) ? { language: languages[0] } : { language_hints: languages })),
      ...(settings.removeFillers && { disfluency_removal_enabled: true }),
      ...(settings.alignTimes && { timestamp_alignment_enabled: true }),
      ...(settings.wordFilter && { special_word_filter: JSON.stringify(settings.wordFilter) }),
      ...(!takesOne(settings) && { diarization_enabled: settings.speakers }),
      ...given("speaker_count", settings.speakerCount),
      ...given("vocabulary_id", vocabularyId),
      ...settings.extra,
    },
  };
}
