import { z } from "zod";
import type { AudioFrame, Frame, TextFrame } from "#engine/frames";
import {
  type Control,
  defineNode,
  definePlugin,
  type Emit,
  EngineError,
  live,
  type NodeContext,
  secret,
} from "#engine/plugin";

/**
 * Speech that says what it is: an utterance is a stretch of samples of one value above 0, and its transcript is that value. A detector and
 * a recogniser for it, so that tests know which utterance every final belongs to.
 */
export const RATE_HZ = 16_000;
export const UTTERANCE_MS = 400;
export const PAUSE_MS = 300;

/** The audio of these numbers, one utterance each with a pause behind it. */
export function spoken(numbers: readonly number[]): Int16Array {
  const samples = (ms: number) => (ms * RATE_HZ) / 1000;
  const each = samples(UTTERANCE_MS + PAUSE_MS);
  const pcm = new Int16Array(numbers.length * each);
  for (const [i, value] of numbers.entries()) pcm.fill(value, i * each, i * each + samples(UTTERANCE_MS));
  return pcm;
}

export const bytesOf = (pcm: Int16Array): Uint8Array => new Uint8Array(pcm.buffer, pcm.byteOffset, pcm.byteLength);

/** Closes an utterance after this much silence. */
const ENDPOINT_MS = 100;
const HELD_FRAMES = 5;

const vad = defineNode({
  type: "numbers.vad",
  summary: "Takes every sample that is not 0 for speech.",
  role: "vad",
  inputs: { audio: { kinds: ["audio"], audio: { sampleRateHz: RATE_HZ, channels: 1, frameMs: 20 } } },
  outputs: { speech: { kinds: ["speech", "audio"], audio: "same" } },
  passes: "samples",
  config: z.strictObject({}),
  create: (_config, ctx) => new Detector(ctx),
});

class Detector {
  readonly #held: AudioFrame[] = [];
  #open: string | undefined;
  #quietMs = 0;
  #end = 0;

  constructor(readonly ctx: NodeContext) {}

  onFrame(frame: Frame, emit: Emit): void {
    if (frame.kind !== "audio") return;
    const voiced = frame.pcm.some((sample) => sample !== 0);
    this.#quietMs = voiced ? 0 : this.#quietMs + 20;
    if (!this.#open && !voiced) {
      this.#held.push(frame);
      if (this.#held.length > HELD_FRAMES) this.ctx.gate(this.#held.shift()!.pcm.length);
      return;
    }
    if (!this.#open) {
      this.#open = this.ctx.newUtterance();
      const first = this.#held[0] ?? frame;
      emit({
        kind: "speech",
        mark: "start",
        utterance: this.#open,
        atSample: first.startSample,
        sampleRateHz: RATE_HZ,
      });
      for (const held of this.#held.splice(0)) emit({ ...held, utterance: this.#open });
    }
    emit({ ...frame, utterance: this.#open });
    this.#end = frame.startSample + frame.pcm.length;
    if (this.#quietMs >= ENDPOINT_MS) this.#close(emit);
  }

  onControl(control: Control, emit: Emit): void {
    if (control.kind !== "flush" && control.kind !== "end") return;
    this.#close(emit);
    if (control.kind === "end") for (const held of this.#held.splice(0)) this.ctx.gate(held.pcm.length);
  }

  held(): number {
    return this.#held.reduce((sum, frame) => sum + frame.pcm.length, 0);
  }

  #close(emit: Emit): void {
    if (!this.#open) return;
    emit({ kind: "speech", mark: "end", utterance: this.#open, atSample: this.#end, sampleRateHz: RATE_HZ });
    this.#open = undefined;
  }
}

const asrConfig = z.strictObject({
  delayMs: z.number().default(0).describe("How long an answer takes."),
  fail: z.number().optional().describe("The number at which it breaks."),
  code: z.enum(["NODE_FAILED", "VENDOR_FAILED"]).default("NODE_FAILED").describe("What it breaks with."),
  deaf: z.number().optional().describe("The number that it has no words for."),
  key: z.string().optional().describe("Shown to everybody."),
  hidden: secret(z.string().optional()).describe("Shown to nobody."),
});

const asr = defineNode({
  type: "numbers.asr",
  summary: "Says which number an utterance is.",
  role: "asr",
  shape: "task",
  inputs: { speech: { kinds: ["audio", "speech"], requires: ["speech"] } },
  outputs: {
    partial: { kinds: ["text"], textRole: "transcript", carries: ["partials"] },
    final: { kinds: ["text"], textRole: "transcript", default: true },
  },
  config: asrConfig,
  create: ({ delayMs, fail, deaf, code }, ctx) => ({
    async run(input, emit, signal) {
      let heard: AudioFrame[] = [];
      for await (const frame of input) {
        if (frame.kind === "audio") {
          heard.push(frame);
          if (heard.length === 10) await emit(textOf(heard, frame.utterance ?? "", false), "partial");
        }
        if (frame.kind !== "speech" || frame.mark !== "end") continue;
        if (delayMs > 0) await ctx.clock.sleep(delayMs, signal);
        const said = textOf(heard, frame.utterance, true);
        heard = [];
        if (said.text === String(fail)) throw new EngineError(code, "it broke as it was told to");
        if (said.text === String(deaf)) ctx.report({ type: "emptyUtterance", utterance: frame.utterance });
        else await emit(said, "final");
      }
    },
  }),
});

function textOf(frames: readonly AudioFrame[], utterance: string, final: boolean): TextFrame {
  const voiced = frames.filter((frame) => frame.pcm.some((sample) => sample !== 0));
  const values = new Set(voiced.flatMap((frame) => [...frame.pcm].filter((sample) => sample !== 0)));
  const text = [...values].join(" ");
  const last = voiced.at(-1) ?? frames.at(-1)!;
  return {
    kind: "text",
    role: "transcript",
    text,
    utterance,
    revision: final ? 2 : 1,
    final,
    stableChars: final ? text.length : 0,
    startSample: (voiced[0] ?? frames[0]!).startSample,
    endSample: last.startSample + last.pcm.length,
    sampleRateHz: RATE_HZ,
  };
}

const echo = defineNode({
  type: "numbers.echo",
  summary: "Says every final again, later, with an e before it.",
  role: "translate",
  shape: "task",
  inputs: { text: { kinds: ["text"] } },
  outputs: { text: { kinds: ["text"], textRole: "translation" } },
  config: z.strictObject({ delayMs: z.number().default(0).describe("How much later.") }),
  create: ({ delayMs }, ctx) => ({
    async run(input, emit, signal) {
      for await (const frame of input) {
        if (frame.kind !== "text" || !frame.final) continue;
        await ctx.clock.sleep(delayMs, signal);
        await emit({ ...frame, role: "translation", text: `e${frame.text}` });
      }
    },
  }),
});

/** Samples of what is spoken, in the track that comes out. */
export const VOICE_RATE_HZ = 8000;

const voice = defineNode({
  type: "numbers.voice",
  summary: "Speaks a number: 200 ms of samples of a hundred times its value.",
  role: "tts",
  inputs: { text: { kinds: ["text"] } },
  outputs: { audio: { kinds: ["audio"], audio: { sampleRateHz: VOICE_RATE_HZ, channels: 1, frameMs: 20 } } },
  config: z.strictObject({}),
  create: () => {
    let startSample = 0;
    return {
      onFrame(frame, emit) {
        if (frame.kind !== "text" || !frame.final) return;
        for (let i = 0; i < 10; i++) {
          const pcm = new Int16Array(VOICE_RATE_HZ / 50).fill(Number(frame.text) * 100);
          emit({ kind: "audio", pcm, sampleRateHz: VOICE_RATE_HZ, channels: 1, startSample });
          startSample += pcm.length;
        }
      },
    };
  },
});

const loud = defineNode({
  type: "numbers.louder",
  summary: "Multiplies samples by a factor that may change.",
  role: "filter",
  inputs: { audio: { kinds: ["audio"] } },
  outputs: { audio: { kinds: ["audio"], audio: "same" } },
  passes: "samples",
  config: z.strictObject({
    factor: live(z.number().int().min(1).max(10).default(1)).describe("What samples are multiplied by."),
    name: z.string().default("plain").describe("Cannot change."),
  }),
  create: (config) => {
    let { factor } = config;
    return {
      onFrame(frame, emit) {
        if (frame.kind === "audio") emit({ ...frame, pcm: frame.pcm.map((sample) => sample * factor) });
      },
      onUpdate(changed) {
        factor = (changed as { factor: number }).factor;
      },
    };
  },
});

const microphone = defineNode({
  type: "numbers.microphone",
  summary: "Stands for a device of the machine.",
  role: "source",
  inputs: {},
  outputs: { audio: { kinds: ["audio"], audio: { sampleRateHz: RATE_HZ, channels: 1, frameMs: 20 } } },
  effects: ["microphone"],
  config: z.strictObject({}),
  shape: "task",
  create: () => ({ async run() {} }),
});

export default definePlugin({ name: "numbers", nodes: [vad, asr, echo, voice, loud, microphone] });

/** Live numbers to finals, partials and marks. */
export const NUMBERS = `parlando: 1
name: numbers
inputs: { talk: { kind: audio } }
params: { delayMs: { type: integer, default: 0 } }
nodes:
  vad: { use: numbers.vad, from: inputs.talk }
  asr: { use: numbers.asr, from: vad, with: { delayMs: "\${params.delayMs}" } }
outputs: { words: [asr.partial, asr.final] }
`;

/** The same, and every final again a while later. */
export const ECHOED = NUMBERS.replace("params: {", "params: { echoMs: { type: integer, default: 0 }, ").replace(
  "outputs: { words: [asr.partial, asr.final] }",
  '  echo: { use: numbers.echo, from: asr, with: { delayMs: "${params.echoMs}" } }\noutputs: { words: [asr.partial, asr.final], echoes: echo }',
);

/** The same, and every final is spoken. */
export const SPOKEN = NUMBERS.replace(
  "outputs: { words: [asr.partial, asr.final] }",
  "  voice: { use: numbers.voice, from: asr }\noutputs: { words: [asr.partial, asr.final], voice: voice }",
);
