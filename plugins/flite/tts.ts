import { z } from "zod";
import { defineNode, SentenceSpeaker, spokenSentences } from "#engine/plugin";
import { FLITE_RATE_HZ, FLITE_VOICES, Flite } from "#native/flite";

const config = z.strictObject({
  voice: z
    .enum(FLITE_VOICES)
    .default("rms")
    .describe("rms and kal16 are American men, slt an American woman, awb a Scottish man; rms is understood best."),
});

/** Speaks final English texts, sentence by sentence: the first is heard while the next is made. */
export const tts = defineNode({
  type: "flite.tts",
  summary: "Speaks English texts by flite, on this machine, with nothing installed but a package.",
  role: "tts",
  shape: "task",
  inputs: { text: { kinds: ["text"] } },
  outputs: { audio: { kinds: ["audio"], audio: { sampleRateHz: FLITE_RATE_HZ, channels: 1 }, language: "en" } },
  config,
  retry: { attempts: 2 },
  create({ voice }, ctx) {
    const flite = Flite.open();
    return new SentenceSpeaker({ sampleRateHz: FLITE_RATE_HZ, sentences: (text) => spokenSentences(text, "en") }, ctx, {
      speak: (sentence, signal) => flite.speak(sentence, voice, signal),
      close: () => flite.close(),
    });
  },
});
