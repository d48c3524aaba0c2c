import { describe, expect, test } from "bun:test";
import { covers } from "#test/covers";
import { hears } from "#test/service-workflows";
import { silentFrames } from "#test/signals";
import { asr } from "../../../../plugins/aliyun/asr.ts";
import { ACCESS, served } from "../service.ts";
import { sentBy, whole } from "./driven.ts";

describe("what is sent", () => {
  const startOf = async (config: Record<string, unknown>) => {
    const options = {
      workflow: hears("x"),
      frames: silentFrames(1000),
      config: { ...whole, ...config },
      tracing: true,
    };
    const heard = await served(asr, options);
    return sentBy(heard)[0]?.payload;
  };
  const standard = {
    format: "pcm",
    sample_rate: 16000,
    enable_intermediate_result: true,
    enable_punctuation_prediction: true,
    enable_inverse_text_normalization: true,
  };

  test.each<{ config: Record<string, unknown>; payload: Record<string, unknown> }>([
    { config: {}, payload: {} },
    {
      config: { intermediateResults: false, punctuation: false, inverseTextNormalization: false },
      payload: {
        enable_intermediate_result: false,
        enable_punctuation_prediction: false,
        enable_inverse_text_normalization: false,
      },
    },
    { config: { words: true, removeFillers: true }, payload: { enable_words: true, disfluency: true } },
    { config: { vocabularyId: "v", customizationId: "c" }, payload: { vocabulary_id: "v", customization_id: "c" } },
    {
      config: { maxStartSilenceMs: 3000, maxEndSilenceMs: 900 },
      payload: { enable_voice_detection: true, max_start_silence: 3000, max_end_silence: 900 },
    },
    { config: { noiseThreshold: -0.5 }, payload: { speech_noise_threshold: -0.5 } },
    {
      config: { mode: "continuous", maxSentenceSilenceMs: 500 },
      payload: { max_sentence_silence: 500 },
    },
    {
      config: { mode: "continuous", semanticSentences: true },
      payload: { enable_semantic_sentence_detection: true },
    },
    { config: { language: "zh-CN" }, payload: {} },
    { config: { extra: { hello: 123, format: "pcm" } }, payload: { hello: 123 } },
  ])("$config", async ({ config, payload }) => {
    covers("A2", "A8");
    expect(await startOf(config)).toEqual({ ...standard, ...payload });
  });

  test.each([
    { config: { format: "speex" }, message: "pcm" },
    { config: { sampleRateHz: 44100 }, message: "8000" },
    { config: { token: undefined }, message: "accessKeyId" },
    { config: { semanticSentences: true, maxSentenceSilenceMs: 500 }, message: "excludes" },
    { config: { semanticSentences: true, intermediateResults: false }, message: "intermediateResults" },
    { config: { url: "http://nls.test" }, message: "url" },
  ])("$config is found before the start", ({ config, message }) => {
    covers("A2");
    const { error } = asr.config.safeParse({ ...ACCESS, ...config });
    expect(JSON.stringify(error?.issues)).toContain(message);
  });
});
