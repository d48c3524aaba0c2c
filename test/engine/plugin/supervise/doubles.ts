import { z } from "zod";
import {
  type AudioFrame,
  defineNode,
  EngineError,
  type Frame,
  type NodeDefinition,
  type TextFrame,
} from "#engine/plugin";

export const RATE = 16000;
export const FRAME_SAMPLES = 320;

/** Utterances `u1`, `u2`, … with that many audio frames each, one after the other, every sample a number of its own frame. */
export function utterances(...lengths: number[]): Frame[] {
  let at = 0;
  const frames: Frame[] = [];
  for (const [i, length] of lengths.entries()) {
    const utterance = `u${i + 1}`;
    frames.push({ kind: "speech", mark: "start", utterance, atSample: at, sampleRateHz: RATE });
    for (let n = 0; n < length; n++, at += FRAME_SAMPLES) frames.push(audio(at, utterance));
    frames.push({ kind: "speech", mark: "end", utterance, atSample: at, sampleRateHz: RATE });
  }
  return frames;
}

export const audio = (startSample: number, utterance?: string): AudioFrame => ({
  kind: "audio",
  pcm: new Int16Array(FRAME_SAMPLES).fill(startSample / FRAME_SAMPLES),
  sampleRateHz: RATE,
  channels: 1,
  startSample,
  ...(utterance === undefined ? {} : { utterance }),
});

export const text = (utterance: string, words: string, more: Partial<TextFrame> = {}): TextFrame => ({
  kind: "text",
  role: "transcript",
  text: words,
  utterance,
  revision: 1,
  final: true,
  stableChars: words.length,
  startSample: 0,
  endSample: FRAME_SAMPLES,
  sampleRateHz: RATE,
  ...more,
});

/** Counts what happened to all instances of a double, and makes them fail when told. */
export class Script {
  opened = 0;
  closed = 0;
  handed = 0;
  /** Called with the count of frames handed to any instance so far; throws to fail the instance there. */
  onFrame: (handed: number, instance: number) => void = () => {};
  /** Called when a final was emitted and the instance goes on. */
  afterFinal: () => void = () => {};
  onOpen: (opened: number) => void = () => {};
}

export const broken = (code: "VENDOR_FAILED" | "VENDOR_KEY_REFUSED" = "VENDOR_FAILED") =>
  new EngineError(code, "the far end is gone");

/** Fails once, at the n-th frame that any instance is given. */
export const failingAt = (n: number, error: unknown = broken()) => {
  const script = new Script();
  script.onFrame = (handed) => {
    if (handed === n) throw error;
  };
  return script;
};

const ports = {
  inputs: { audio: { kinds: ["audio", "speech"] } },
  outputs: {
    partial: { kinds: ["text"], textRole: "transcript" },
    final: { kinds: ["text"], textRole: "transcript", default: true },
  },
} as const;

/** Hears the numbers of the frames: a partial after each frame, a final at the closing mark, nothing outside utterances. */
class Hearing {
  #words: number[] = [];
  #revision = 0;
  #open: { utterance: string; startSample: number } | undefined;

  constructor(readonly name: string) {}

  hear(frame: Frame): { frame: TextFrame; port: string } | undefined {
    if (frame.kind === "speech" && frame.mark === "start") {
      this.#open = { utterance: frame.utterance, startSample: frame.atSample };
      this.#words = [];
      this.#revision = 0;
      return undefined;
    }
    if (!this.#open) return undefined;
    if (frame.kind === "audio") this.#words.push(frame.pcm[0] ?? -1);
    const final = frame.kind === "speech";
    const { utterance, startSample } = this.#open;
    if (final) this.#open = undefined;
    if (final && this.#words.length === 0) return undefined;
    const endSample =
      frame.kind === "audio" ? frame.startSample + FRAME_SAMPLES : startSample + this.#words.length * FRAME_SAMPLES;
    const words = `${this.name}${this.#words.join(" ")}`;
    const revision = ++this.#revision;
    const heard = text(utterance, words, {
      revision,
      final,
      startSample,
      endSample,
      stableChars: final ? words.length : 0,
    });
    return { frame: heard, port: final ? "final" : "partial" };
  }
}

/** A recogniser of that shape. `name` opens its texts, to tell candidates apart. */
export function recogniser(script: Script, shape: "inline" | "task", name = ""): NodeDefinition {
  const facts = {
    type: `double.${shape}${name}`,
    summary: "Hears numbers.",
    role: "asr",
    config: z.strictObject({}),
    ...ports,
  } as const;
  const open = () => {
    script.onOpen(++script.opened);
    const close = () => void script.closed++;
    return { instance: script.opened, hearing: new Hearing(name), close };
  };
  if (shape === "inline")
    return defineNode({
      ...facts,
      create() {
        const { instance, hearing, close } = open();
        return {
          onFrame(frame, emit) {
            script.onFrame(++script.handed, instance);
            const heard = hearing.hear(frame);
            if (heard) emit(heard.frame, heard.port);
          },
          close,
        };
      },
    });
  return defineNode({
    ...facts,
    shape: "task",
    create() {
      const { instance, hearing, close } = open();
      return {
        async run(input, emit) {
          for await (const frame of input) {
            script.onFrame(++script.handed, instance);
            const heard = hearing.hear(frame);
            if (heard) await emit(heard.frame, heard.port);
            if (heard?.frame.final) script.afterFinal();
          }
        },
        close,
      };
    },
  });
}

/** Says each text as frames of `FRAME_SAMPLES` samples, one for each character, whose value counts from `voice`; task-shaped. */
export function speaker(
  script: Script,
  options: { voice?: number; failAfter?: (emitted: number) => void } = {},
): NodeDefinition {
  const { voice = 0, failAfter = () => {} } = options;
  let emitted = 0;
  return defineNode({
    type: `double.tts${voice}`,
    summary: "Says numbers.",
    role: "tts",
    shape: "task",
    inputs: { text: { kinds: ["text"] } },
    outputs: { audio: { kinds: ["audio"], audio: { sampleRateHz: RATE, channels: 1 } } },
    config: z.strictObject({}),
    create() {
      script.onOpen(++script.opened);
      let startSample = 0;
      return {
        async run(input, emit) {
          for await (const frame of input) {
            script.onFrame(++script.handed, script.opened);
            if (frame.kind !== "text") continue;
            for (let i = 0; i < frame.text.length; i++) {
              const pcm = new Int16Array(FRAME_SAMPLES).fill(voice + frame.text.charCodeAt(i));
              await emit({
                kind: "audio",
                pcm,
                sampleRateHz: RATE,
                channels: 1,
                startSample,
                utterance: frame.utterance,
              });
              startSample += FRAME_SAMPLES;
              failAfter(++emitted);
            }
          }
        },
        close: () => void script.closed++,
      };
    },
  });
}

/** Answers each text with its reverse, after `think`. */
export function translator(script: Script, think: (handed: number) => Promise<void> = async () => {}): NodeDefinition {
  return defineNode({
    type: "double.translate",
    summary: "Turns texts round.",
    role: "translate",
    shape: "task",
    inputs: { text: { kinds: ["text"] } },
    outputs: { text: { kinds: ["text"], textRole: "translation" } },
    config: z.strictObject({}),
    create() {
      script.onOpen(++script.opened);
      return {
        async run(input, emit) {
          for await (const frame of input) {
            if (frame.kind !== "text") continue;
            const handed = ++script.handed;
            await think(handed);
            script.onFrame(handed, script.opened);
            await emit({ ...frame, role: "translation", text: [...frame.text].reverse().join("") });
          }
        },
        close: () => void script.closed++,
      };
    },
  });
}
