import { z } from "zod";
import { linkSchema, live } from "#engine/plugin";
import { accessFields, CREDENTIALS_WANTED, hasCredentials } from "../access.ts";

/** What stands in `with:` of `aliyun.asr`. */
export const asrConfig = z
  .strictObject({
    ...accessFields,
    url: z
      .url({ protocol: /^wss?$/ })
      .default("wss://nls-gateway.cn-shanghai.aliyuncs.com/ws/v1")
      .describe("The service's socket."),
    mode: z
      .enum(["sentence", "continuous"])
      .default("sentence")
      .describe(
        "A task for each utterance, up to 60 s; or one for the whole stream, which the service cuts into sentences.",
      ),
    sentences: z
      .enum(["marks", "whole"])
      .default("marks")
      .describe("Mode sentence: what one sentence is. What a detector marks as an utterance, or all that comes in."),
    language: z
      .string()
      .min(2)
      .optional()
      .describe("Of the appkey's project, for lint and for the texts' label. It is not sent: the project decides it."),
    format: z
      .enum(["pcm", "opus", "opu"])
      .default("pcm")
      .describe(
        "How audio is sent: samples, Opus in an Ogg stream, or bare Opus packets with their lengths. Opus packets that come in pass as they are; audio is coded, and an event says so.",
      ),
    sampleRateHz: z.literal([16000, 8000]).default(16000).describe("Of the project's model."),
    chunkMs: z.number().int().min(10).max(1000).default(100).describe("How much audio goes into one message."),
    intermediateResults: live(z.boolean().default(true)).describe("Partials."),
    punctuation: live(z.boolean().default(true)).describe("Adds punctuation."),
    inverseTextNormalization: live(z.boolean().default(true)).describe("Writes spoken numbers as digits."),
    words: z.boolean().default(false).describe("Asks for the times of words."),
    removeFillers: live(z.boolean().optional()).describe("Leaves out what people say while they think."),
    vocabularyId: live(z.string().min(1).optional()).describe("A list of hot words, made in the console."),
    customizationId: z.string().min(1).optional().describe("A language model of one's own, made in the console."),
    noiseThreshold: live(z.number().min(-1).max(1).optional()).describe("The higher, the more is taken for noise."),
    maxStartSilenceMs: z
      .number()
      .int()
      .min(1)
      .max(60_000)
      .optional()
      .describe("Mode sentence: the longest silence before speech; 2000 to 5000 is usual. Longer fails the task."),
    maxEndSilenceMs: z
      .number()
      .int()
      .min(200)
      .max(6000)
      .optional()
      .describe("Mode sentence: the silence after which the service ends the task by itself."),
    maxSentenceSilenceMs: live(z.number().int().min(200).max(6000).optional()).describe(
      "Mode continuous: the silence that ends a sentence; 800 where it is not said.",
    ),
    semanticSentences: live(z.boolean().optional()).describe(
      "Mode continuous: cuts by meaning; with intermediate results only, and without maxSentenceSilenceMs.",
    ),
    extra: live(z.record(z.string(), z.unknown()).default({})).describe(
      "Further parameters, sent as they are beside the others, which they replace where names are the same.",
    ),
    concurrency: z
      .number()
      .int()
      .min(0)
      .default(0)
      .describe("Tasks at once of one credential in this process; 0 is off."),
    link: linkSchema,
  })
  .refine(hasCredentials, { error: CREDENTIALS_WANTED, path: ["accessKeyId"] })
  .refine((s) => !(s.semanticSentences && (s.maxSentenceSilenceMs !== undefined || !s.intermediateResults)), {
    error: "needs intermediateResults, and excludes maxSentenceSilenceMs",
    path: ["semanticSentences"],
  });

export type AsrSettings = z.output<typeof asrConfig>;
