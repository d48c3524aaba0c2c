import { z } from "zod";
import { defineNode, definePlugin } from "#engine/plugin";

/** At this rate a letter is spoken for one millisecond, as its code. */
export const LETTERS_HZ = 8000;

const tts = defineNode({
  type: "letters.tts",
  summary: "Speaks a text letter by letter: each is a millisecond of its own code.",
  role: "tts",
  shape: "inline",
  inputs: { text: { kinds: ["text"] } },
  outputs: { audio: { kinds: ["audio"], audio: { sampleRateHz: LETTERS_HZ, channels: 1 } } },
  config: z.strictObject({}),
  create: () => {
    let spoken = 0;
    return {
      onFrame(frame, emit) {
        if (frame.kind !== "text") return;
        const pcm = Int16Array.from({ length: (frame.text.length * LETTERS_HZ) / 1000 }, (_, i) =>
          frame.text.charCodeAt(Math.floor((i * 1000) / LETTERS_HZ)),
        );
        emit({ kind: "audio", pcm, sampleRateHz: LETTERS_HZ, channels: 1, startSample: spoken });
        spoken += pcm.length;
      },
    };
  },
});

export default definePlugin({ name: "letters", nodes: [tts] });

/** Texts in, their letters out. */
export const LETTERS = `parlando: 1
name: speak
inputs: { words: { kind: text } }
nodes:
  voice: { use: letters.tts, from: inputs.words }
outputs: { speech: voice }
`;
