import { z } from "zod";
import { linkSchema, live } from "#engine/plugin";
import { accessFields } from "../access.ts";

const hotwords = z
  .array(
    z.string().regex(/^[^|,]{1,40}\|(?:[1-9]|10|11|100)$/, "wanted word|weight with a weight from 1 to 11, or 100"),
  )
  .max(128);

/** What stands in `with:` of `tencent.asr`. */
export const asrConfig = z
  .strictObject({
    ...accessFields,
    url: z
      .url({ protocol: /^wss?$/ })
      .default("wss://asr.cloud.tencent.com/asr/v2")
      .describe("The service's socket, without the account's number."),
    engine: z
      .string()
      .regex(/^(8k|16k)_[a-z0-9_]+$/, "wanted an engine such as 16k_zh or 8k_zh")
      .default("16k_zh")
      .describe("The model: its name begins with the sample rate and ends with the language."),
    sessions: z
      .enum(["stream", "utterance"])
      .default("stream")
      .describe(
        "One session for the whole stream, which the service cuts into sentences; or one for each utterance that a detector marks.",
      ),
    results: z
      .enum(["segments", "sentences"])
      .default("segments")
      .describe(
        "segments: the classic messages, with words where asked for. sentences: sentence mode, with speakers where asked for.",
      ),
    language: z
      .string()
      .min(2)
      .optional()
      .describe("The texts' label, where the engine's name does not tell it. It is not sent."),
    chunkMs: z.number().int().min(20).max(1000).default(40).describe("How much audio goes into one message."),
    vad: live(z.boolean().default(true)).describe("The service cuts at silence; without it, segments end after 60 s."),
    vadSilenceMs: live(z.number().int().min(240).max(2000).optional()).describe(
      "The silence that ends a segment; 1000 where it is not said.",
    ),
    maxSpeakMs: live(z.number().int().min(5000).max(90_000).optional()).describe(
      "Cuts a segment that nothing ends; 60000 where it is not said.",
    ),
    words: z.boolean().default(false).describe("Asks for the times of words."),
    speakers: z.boolean().default(false).describe("Tells speakers apart; with results sentences only."),
    filterDirty: live(z.literal([0, 1, 2]).default(0)).describe(
      "Abusive words: 0 stay, 1 are left out, 2 become asterisks.",
    ),
    filterFillers: live(z.literal([0, 1, 2]).default(0)).describe(
      "What people say while they think: 0 stays, 1 some, 2 all is left out.",
    ),
    filterPunctuation: live(z.literal([0, 1]).default(0)).describe("1 leaves out the full stop at the end."),
    numbers: live(z.literal([0, 1, 3]).default(1)).describe(
      "Spoken numbers: 0 stay words, 1 become digits, 3 as in mathematics.",
    ),
    hotwords: live(hotwords.default([])).describe(
      "Words to expect, each as word|weight with a weight from 1 to 11, or 100.",
    ),
    hotwordId: live(z.string().min(1).optional()).describe("A list of hot words, made in the console."),
    customizationId: z.string().min(1).optional().describe("A language model of one's own, made in the console."),
    noiseThreshold: live(z.number().min(-1).max(1).optional()).describe("The higher, the more is taken for noise."),
    extra: live(z.record(z.string(), z.union([z.string(), z.number()])).default({})).describe(
      "Further parameters of the query, signed with the others, which they replace where names are the same.",
    ),
    concurrency: z
      .number()
      .int()
      .min(0)
      .default(0)
      .describe("Sessions at once of one credential in this process; 0 is off."),
    link: linkSchema,
  })
  .refine(({ vadSilenceMs, vad }) => vadSilenceMs === undefined || vad, { error: "needs vad", path: ["vadSilenceMs"] })
  .refine(({ speakers, results }) => !speakers || results === "sentences", {
    error: "needs results: sentences",
    path: ["speakers"],
  })
  .refine(({ words, results }) => !words || results === "segments", {
    error: "needs results: segments",
    path: ["words"],
  });

export type AsrSettings = z.output<typeof asrConfig>;
