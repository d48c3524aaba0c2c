import { z } from "zod";
import { defineNode, definePlugin, type Emit, endSample, type Frame, NodeTypes } from "#engine/plugin";
import { builtInTypes } from "#test/built-in-types";
import { tone } from "#test/signals";

export const RATE_HZ = 22_050;
/** How long each text is spoken. */
export const TEXT_MS = 700;

const voice = defineNode({
  type: "test.voice",
  summary: "Hums for 0.7 s for each final.",
  role: "tts",
  inputs: { text: { kinds: ["text"] } },
  outputs: { audio: { kinds: ["audio"], audio: { sampleRateHz: RATE_HZ, channels: 1 } } },
  config: z.strictObject({}),
  create() {
    let startSample = 0;
    return {
      onFrame(frame, emit) {
        if (frame.kind !== "text" || !frame.final) return;
        const pcm = tone({ hz: 440, ms: TEXT_MS, rateHz: RATE_HZ });
        emit({ kind: "audio", pcm, sampleRateHz: RATE_HZ, channels: 1, startSample, utterance: frame.utterance });
        startSample += pcm.length;
      },
    };
  },
});

/** Speech that says word after word: each 0.4 s, with 0.2 s of silence behind it. */
export const words = (count: number): Int16Array =>
  Int16Array.from({ length: count * WORD_SAMPLES }, (_, i) =>
    i % WORD_SAMPLES < 6400 ? 100 * (Math.floor(i / WORD_SAMPLES) + 1) : 0,
  );
export const WORD_SAMPLES = 9600;

/** Hears what `words` says, wherever its hearing begins, so that what is replayed is heard for what it is. */
const ear = defineNode({
  type: "test.ear",
  summary: "Hears numbered words by the values of their samples.",
  role: "asr",
  inputs: { audio: { kinds: ["audio"], audio: { sampleRateHz: 16_000, channels: 1 } } },
  outputs: {
    final: { kinds: ["text"], textRole: "transcript", default: true },
    partial: { kinds: ["text"], textRole: "transcript", carries: ["partials"] },
  },
  config: z.strictObject({}),
  create(_, ctx) {
    let word: { readonly value: number; readonly utterance: string; readonly startSample: number } | undefined;
    let end = 0;
    const text = (of: NonNullable<typeof word>, final: boolean): Frame => ({
      kind: "text",
      role: "transcript",
      text: `w${of.value / 100}`,
      utterance: of.utterance,
      revision: final ? 2 : 1,
      final,
      stableChars: 0,
      startSample: of.startSample,
      endSample: end,
      sampleRateHz: 16_000,
      language: "en",
    });
    const hear = (value: number, at: number, emit: Emit) => {
      if (value === (word?.value ?? 0)) return;
      end = at;
      if (word) emit(text(word, true), "final");
      word = value === 0 ? undefined : { value, utterance: ctx.newUtterance(), startSample: at };
      if (word) emit(text(word, false), "partial");
    };
    return {
      onFrame(frame, emit) {
        if (frame.kind !== "audio") return;
        for (const [i, value] of frame.pcm.entries()) hear(value, frame.startSample + i, emit);
        end = endSample(frame);
      },
      onControl(control, emit) {
        if (control.kind === "end") hear(0, end, emit);
      },
    };
  },
});

/** What hears by `test.ear`. */
export const HEARS_WORDS = `
parlando: 1
name: hears-words
inputs: { talk: { kind: audio } }
nodes:
  asr: { use: test.ear, from: inputs.talk }
  es: { use: core.script, from: asr, with: { as: translate, otherwise: upper, language: es } }
outputs: { texts: [asr.partial, asr.final, es] }
`;

/** The built-in node types, and a voice and an ear that need no program. */
export const testTypes = (): NodeTypes =>
  new NodeTypes([...builtInTypes().plugins, definePlugin({ name: "test", nodes: [voice, ear] })]);
