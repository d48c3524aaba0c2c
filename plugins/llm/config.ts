import { z } from "zod";
import { fromEnv, live, secret } from "#engine/plugin";

export const chatConfig = z.strictObject({
  url: fromEnv(z.url({ protocol: /^https?$/ }), "OPENAI_BASE_URL").describe(
    "The service, up to where `/chat/completions` follows: `https://api.openai.com/v1`, `http://127.0.0.1:8080/v1`.",
  ),
  key: secret(
    fromEnv(
      z
        .string()
        .regex(/^[\x21-\x7e]+$/, "visible characters were wanted")
        .optional(),
      "OPENAI_API_KEY",
    ),
  ).describe("The key, where the service wants one."),
  model: z.string().min(1).max(200).describe("The model's name at the service."),
  system: live(z.string().max(100_000).optional()).describe(
    "What the model is told before everything else: who it is, and that its answers are spoken.",
  ),
  language: z
    .string()
    .min(1)
    .optional()
    .describe("The language of the answers, as a BCP 47 tag; a label that is not sent."),
  temperature: live(z.number().min(0).max(2).optional()).describe(
    "How freely it chooses; the service's own where left out.",
  ),
  topP: z.number().gt(0).max(1).optional().describe("From how much of what is likely it chooses."),
  maxTokens: z
    .number()
    .int()
    .min(1)
    .max(100_000)
    .optional()
    .describe("How long an answer may be, in the model's tokens."),
  seed: z.number().int().optional().describe("Where the service takes one: the same answers to the same questions."),
  stop: z.array(z.string().min(1)).max(4).optional().describe("Texts that end an answer."),
  extra: z.record(z.string(), z.json()).default({}).describe("Further fields of the request, as the service has them."),
  stream: z
    .boolean()
    .default(true)
    .describe("Has the answer sent while it is made, so that it can be spoken from its beginning."),
  historyTurns: z
    .number()
    .int()
    .min(0)
    .max(200)
    .default(10)
    .describe("How many earlier questions, with their answers, are sent along."),
  historyChars: z
    .number()
    .int()
    .min(0)
    .max(1_000_000)
    .default(8000)
    .describe("And how many characters of them, the latest first."),
  answerMs: z
    .number()
    .int()
    .min(100)
    .max(600_000)
    .default(10_000)
    .describe("How long nothing may come, before an answer begins and in the midst of it."),
  maxChars: z
    .number()
    .int()
    .min(1)
    .max(100_000)
    .default(4000)
    .describe("Where an answer that does not stop is cut off."),
  sorry: z
    .string()
    .min(1)
    .max(1000)
    .optional()
    .describe(
      "What is said in the place of an answer that failed: the failure is an event then, and the node goes on. Not tried again.",
    ),
});

export type ChatSettings = z.output<typeof chatConfig>;
