import { z } from "zod";
import { defineNode, SentenceSpeaker, spokenSentences } from "#engine/plugin";
import { SherpaEngine, synthesiserModel } from "#native/sherpa";
import { modelSettings } from "./settings.ts";

const config = z.strictObject({
  ...modelSettings,
  speaker: z.number().int().min(0).default(0).describe("Of a model with several voices: which, from 0."),
  speed: z.number().min(0.5).max(2).default(1).describe("How fast it speaks."),
  language: z.string().min(2).optional().describe("What it speaks (BCP 47), for those who read the workflow."),
});

/** Speaks final texts, sentence by sentence, with a model of one's own. */
export const tts = defineNode({
  type: "sherpa.tts",
  summary: "Speaks texts on this machine with a model of your own (VITS, Piper, Matcha, Kokoro).",
  role: "tts",
  shape: "task",
  inputs: { text: { kinds: ["text"] } },
  // a model has its own rate, which its first frame tells
  outputs: ({ language }) => ({ audio: { kinds: ["audio"], ...(language !== undefined && { language }) } }),
  effects: ["files"],
  config,
  async create(settings, ctx) {
    const { speaker, speed, language = "en" } = settings;
    const found = synthesiserModel(settings.model, settings);
    const engine = await ctx.outside((signal) => SherpaEngine.open("tts", found.config, settings.model, signal));
    const { sampleRateHz } = engine.opened;
    ctx.report({ type: "model", family: found.family, sampleRateHz });
    return new SentenceSpeaker({ sampleRateHz, sentences: (text) => spokenSentences(text, language) }, ctx, {
      speak: (sentence, signal) => engine.speak(sentence, speaker, speed, signal),
      close: () => engine.close(),
    });
  },
});
