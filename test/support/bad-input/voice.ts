import { z } from "zod";
import { defineNode } from "#engine/plugin";
import { tone } from "../signals.ts";

/** How long each character is spoken. */
const CHARACTER_MS = 20;

/** Speaks every text as a tone. */
export const voice = defineNode({
  type: "bad-input.voice",
  summary: "Speaks texts as tones.",
  role: "tts",
  inputs: { text: { kinds: ["text"] } },
  outputs: { audio: { kinds: ["audio"], audio: { sampleRateHz: 16_000, channels: 1 } } },
  config: z.strictObject({}),
  create() {
    let startSample = 0;
    return {
      onFrame(frame, emit) {
        if (frame.kind !== "text") return;
        const pcm = tone({ hz: 440, ms: CHARACTER_MS * frame.text.length });
        emit({ kind: "audio", pcm, sampleRateHz: 16_000, channels: 1, startSample, utterance: frame.utterance });
        startSample += pcm.length;
      },
    };
  },
});
