import { z } from "zod";
import { defineNode, definePlugin, type NodeTypes } from "#engine/plugin";
import { builtInTypes } from "./built-in-types.ts";
import { tone } from "./signals.ts";
import { ears } from "./toy-vendor/ears.ts";

/** What stands behind an emulated service: a workflow that hears these sentences, a second each, with the times of words. */
export const hears = (...texts: readonly string[]): string => `
parlando: 1
name: hears
inputs:
  talk: { kind: audio }
nodes:
  asr:
    use: core.script
    from: inputs.talk
    with:
      as: asr
      partialEveryMs: 200
      results:
${texts.map((text, i) => `        - { text: ${JSON.stringify(text)}, partials: auto, words: auto, confidence: 0.9, fromMs: ${i * 1000}, untilMs: ${(i + 1) * 1000} }`).join("\n")}
outputs:
  texts: [asr.partial, asr.final]
`;

/** A workflow that hears the made-up speech of the made-up vendor, wherever its hearing begins. */
export const LISTENS = `
parlando: 1
name: listens
inputs:
  talk: { kind: audio }
nodes:
  asr: { use: toy.ears, from: inputs.talk }
outputs:
  texts: [asr.partial, asr.final]
`;

/** A workflow that fails with the first sentence. */
export const HEARING_FAILS = hears("x").replace(/text: "x".*0\.9/, "error: NODE_FAILED");

/** A workflow that hears, with each final in capitals as its translation. */
export const inCapitals = (hearing: string, language: string): string =>
  hearing
    .replace(
      "outputs:",
      `  other: { use: core.script, from: asr, with: { as: translate, otherwise: upper, language: ${language} } }\noutputs:`,
    )
    .replace("asr.final]", "asr.final, other]");

/** Speaks every text as a tone of 100 ms for each character. */
const toneTts = defineNode({
  type: "tone.tts",
  summary: "Speaks texts as tones.",
  role: "tts",
  inputs: { text: { kinds: ["text"] } },
  outputs: { audio: { kinds: ["audio"], audio: { sampleRateHz: 16_000, channels: 1 } } },
  config: z.strictObject({ hz: z.number().default(440).describe("Of the tone.") }),
  create({ hz }) {
    let startSample = 0;
    return {
      onFrame(frame, emit) {
        if (frame.kind !== "text") return;
        const pcm = tone({ hz, ms: 100 * frame.text.length });
        emit({ kind: "audio", pcm, sampleRateHz: 16_000, channels: 1, startSample, utterance: frame.utterance });
        startSample += pcm.length;
      },
    };
  },
});

/** A workflow that speaks in tones. */
export const speaks = (hz = 440): string => `
parlando: 1
name: speaks
inputs:
  script: { kind: text }
nodes:
  voice: { use: tone.tts, from: inputs.script, with: { hz: ${hz} } }
outputs:
  speech: voice
`;

/** The built-in node types, with ears and a voice that need no program. */
export const typesWithTones = (): NodeTypes =>
  builtInTypes().with([definePlugin({ name: "tone", nodes: [toneTts, ears] })]);
