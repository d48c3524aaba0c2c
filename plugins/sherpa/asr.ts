import { z } from "zod";
import { defineNode, UtteranceListener } from "#engine/plugin";
import { recogniserModel, SherpaEngine } from "#native/sherpa";
import { wordsOf } from "./heard.ts";
import { modelSettings, RATE_HZ } from "./settings.ts";

const config = z.strictObject({
  ...modelSettings,
  language: z
    .string()
    .min(2)
    .optional()
    .describe(
      "What is spoken (BCP 47). Stands in the texts; models of several languages (whisper, SenseVoice) hear it as that.",
    ),
  stepMs: z
    .number()
    .int()
    .min(20)
    .max(1000)
    .default(100)
    .describe("How much audio a streaming model gets at a time, and so how often a partial may come."),
  maxUtteranceMs: z
    .number()
    .int()
    .min(1000)
    .max(300_000)
    .default(30_000)
    .describe("Cuts an utterance that nothing ends. Whisper hears 30 s and no more."),
});

type Settings = z.output<typeof config>;

const spoken = ({ language }: Settings) => (language === undefined ? {} : { language });

/** Recognises speech with a model of one's own: streaming where the model does, otherwise utterance by utterance. */
export const asr = defineNode({
  type: "sherpa.asr",
  summary: "Recognises speech on this machine with a model of your own (zipformer, paraformer, whisper and others).",
  role: "asr",
  shape: "task",
  inputs: { audio: { kinds: ["audio", "speech"], audio: { sampleRateHz: RATE_HZ, channels: 1 } } },
  outputs: (settings) => ({
    final: { kinds: ["text"], textRole: "transcript", default: true, ...spoken(settings) },
    partial: { kinds: ["text"], textRole: "transcript", carries: ["partials"], ...spoken(settings) },
  }),
  effects: ["files"],
  languages: ({ language }) => (language === undefined ? {} : { source: language }),
  config,
  async create(settings, ctx) {
    const { model, quantised, threads, language } = settings;
    const found = recogniserModel(model, { quantised, threads, language: language?.split("-")[0] ?? "" });
    const kind = found.streaming ? "streaming" : "offline";
    const engine = await ctx.outside((signal) => SherpaEngine.open(kind, found.config, model, signal));
    ctx.report({ type: "model", family: found.family, streaming: found.streaming });
    const { stepMs, maxUtteranceMs } = settings;
    return new UtteranceListener(
      { sampleRateHz: RATE_HZ, language, maxUtteranceMs, ...(found.streaming && { stepMs }) },
      ctx,
      {
        feed: (step, signal) => engine.hear(step, signal),
        async end(rest, heardSamples, signal) {
          const heard = await engine.heard(rest, signal);
          return { text: heard.text, words: wordsOf(heard, RATE_HZ, heardSamples) };
        },
        close: () => engine.close(),
      },
    );
  },
});
