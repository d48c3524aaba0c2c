import { z } from "zod";
import { defineNode, hostEnvironment, live, SentenceSpeaker, spokenSentences, type TaskNode } from "#engine/plugin";
import { espeakOf, OUTPUT } from "./program.ts";
import { resolveVoice } from "./voices.ts";

const config = z.strictObject({
  voice: live(z.string().min(1)).describe(
    "A language such as es or en-GB, or a voice's name, with a variant such as +f3 behind it; `espeak-ng --voices` lists them.",
  ),
  rate: live(z.number().int().min(80).max(450).default(175)).describe("Words a minute."),
  pitch: live(z.number().int().min(0).max(99).default(50)).describe("From 0, low, to 99, high."),
  volume: live(z.number().int().min(0).max(200).default(100)).describe("In percent of the usual."),
  timeoutMs: z
    .number()
    .int()
    .min(100)
    .max(600_000)
    .default(10_000)
    .describe("How long one sentence may take; then espeak is ended."),
});

/** Speaks final texts by espeak-ng on this machine, sentence by sentence: the first is heard while the next is made. */
export const tts = defineNode({
  type: "espeak.tts",
  summary: "Speaks texts by espeak-ng, on this machine.",
  role: "tts",
  shape: "task",
  inputs: { text: { kinds: ["text"] } },
  outputs: { audio: { kinds: ["audio"], audio: OUTPUT } },
  config,
  effects: ["program"],
  retry: { attempts: 3 },
  // a vendor's voices are not espeak's: whatever speaks the language has to do
  standsIn: { role: "tts", settings: ({ source = "en" }) => ({ voice: source.split(/[-_]/u)[0] || "en" }) },
  async create({ timeoutMs, ...manner }, ctx): Promise<TaskNode> {
    const espeak = await ctx.resource(espeakOf(hostEnvironment()));
    const { argument, language } = resolveVoice(manner.voice, espeak);
    const spoken = { ...manner, voice: argument };
    await ctx.outside((signal) => espeak.tryVoice(spoken, { timeoutMs, signal }));
    return new SentenceSpeaker(
      { sampleRateHz: OUTPUT.sampleRateHz, sentences: (text) => spokenSentences(text, language) },
      ctx,
      { speak: (sentence, signal) => espeak.speak(sentence, spoken, { timeoutMs, signal }) },
    );
  },
});
