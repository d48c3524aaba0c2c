import { z } from "zod";
import { defineNode } from "#engine/plugin";
import { tone } from "../signals.ts";
import type { Circumstances } from "./table.ts";

/** How long each character is spoken. */
const CHARACTER_MS = 20;
const SAMPLES_PER_MS = 16;

/** What comes out of it for a text. */
export const voiced = (text: string): string => `${text.length * CHARACTER_MS * SAMPLES_PER_MS} samples`;

/** A bad input that no service of the vendor's could speak, so that `voice` takes over and speaks the text. */
export const spokenByVoice = (text: string): Pick<Circumstances, "fallback" | "result"> => ({
  fallback: { use: "bad-input.voice" },
  result: [voiced(text)],
});

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
