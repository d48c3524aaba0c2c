import { fromEnv, linkSchema, z } from "#engine/plugin";
import { ACCESS_WANTED, accessFields, hasAccess } from "../access.ts";

const locale = z.string().regex(/^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$/, "a locale such as en-US or zh-CN is wanted");

const listening = {
  ...accessFields,
  sampleRateHz: z.literal([16000, 8000]).default(16000).describe("Of the audio that is sent."),
  chunkMs: z.number().int().min(10).max(200).default(40).describe("How much audio goes into one message."),
  initialSilenceMs: fromMs("Silence before the first word after which a stretch counts as empty.", 60_000),
  endSilenceMs: fromMs("Silence that ends a sentence; 100 to 5000 is what the service documents.", 60_000),
  segmentation: z
    .enum(["default", "time", "semantic"])
    .default("default")
    .describe("How sentences are cut: by the service's own rule, by `endSilenceMs`, or by meaning."),
  forcedSegmentMs: z
    .number()
    .int()
    .min(20_000)
    .max(70_000)
    .optional()
    .describe("A sentence is cut at this length at the latest."),
  profanity: z.enum(["masked", "removed", "raw"]).default("masked").describe("What becomes of foul words."),
  stableThreshold: z
    .number()
    .int()
    .min(0)
    .max(20)
    .optional()
    .describe("A word is shown in a partial when it was heard alike so often; more is steadier and later."),
  phrases: z.array(z.string().min(1)).max(500).default([]).describe("Words and names that are likely to be said."),
  languages: z
    .array(locale)
    .min(2)
    .max(10)
    .optional()
    .describe("Finds out which of these is spoken: up to 4 at the start, up to 10 all along."),
  languageMode: z
    .enum(["atStart", "continuous"])
    .default("atStart")
    .describe("With `languages`: decides once, or again and again."),
  concurrency: z.number().int().min(0).default(0).describe("Streams at once of one key in this process; 0 is off."),
  link: linkSchema,
};

function fromMs(what: string, most: number) {
  return z.number().int().min(0).max(most).optional().describe(what);
}

const both = <T extends z.ZodObject>(schema: T) =>
  schema.refine((settings) => hasAccess(settings as never), { error: ACCESS_WANTED, path: ["key"] });

/** What stands in `with:` of `azure.asr`. */
export const asrConfig = both(
  z.strictObject({
    ...listening,
    language: fromEnv(locale, "ASR_LANG").default("en-US").describe("What is spoken."),
    mode: z
      .enum(["conversation", "dictation", "once"])
      .default("conversation")
      .describe(
        "One stream, which the service cuts into sentences; the same for dictation; or a request for each utterance.",
      ),
    endpointId: z.string().min(1).optional().describe("A custom model's deployment; it decides the language."),
    words: z.boolean().default(false).describe("Detailed output with the times of words."),
    diarization: z.boolean().default(false).describe("Tells speakers apart: Guest-1, Guest-2, …"),
    removeFillers: z.boolean().default(false).describe("Leaves out what people say while they think."),
  }),
);

/** What stands in `with:` of `azure.interpret`. */
export const interpretConfig = both(
  z.strictObject({
    ...listening,
    language: fromEnv(locale, "ASR_LANG").default("en-US").describe("What is spoken."),
    targets: z
      .union([z.string().min(2), z.array(z.string().min(2)).min(1).max(20)])
      .describe("Into what: one language, or a list of them."),
    category: z.string().min(1).optional().describe("A custom translator's category."),
  }),
);

export type AsrSettings = z.output<typeof asrConfig>;
export type InterpretSettings = z.output<typeof interpretConfig>;

/** What a turn of recognition is asked for, with or without translation. */
export type ListenSettings = Omit<AsrSettings, "mode" | "endpointId" | "words" | "diarization" | "removeFillers"> &
  Partial<Pick<AsrSettings, "mode" | "endpointId" | "words" | "diarization" | "removeFillers">> &
  Partial<Pick<InterpretSettings, "targets" | "category">>;

export const targetsOf = ({ targets }: Pick<ListenSettings, "targets">): readonly string[] =>
  targets === undefined ? [] : typeof targets === "string" ? [targets] : targets;

/** As the service knows the modes. */
export const PHRASE_MODES = { conversation: "Conversation", dictation: "Dictation", once: "Interactive" } as const;

export const modeOf = ({ mode = "conversation" }: ListenSettings): keyof typeof PHRASE_MODES => mode;
