import { z } from "zod";
import {
  type AwaitableEmit,
  type Control,
  defineNode,
  msToSamples,
  type NodeContext,
  type TaskInput,
  type TaskNode,
  type TextFrame,
} from "#engine/plugin";
import { FLITE_RATE_HZ, FLITE_VOICES, Flite, type FliteVoice } from "#native/flite";

const OUTPUT = { sampleRateHz: FLITE_RATE_HZ, channels: 1 } as const;
const FRAME_SAMPLES = msToSamples(20, FLITE_RATE_HZ);
/** A longer sentence is cut at a blank: it takes 50 ms to make, and nothing of it is heard before. */
const MOST_CHARS = 300;

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
  outputs: { audio: { kinds: ["audio"], audio: OUTPUT, language: "en" } },
  config,
  retry: { attempts: 2 },
  create: ({ voice }, ctx) => new Speaker(Flite.open(), voice, ctx),
});

class Speaker implements TaskNode {
  #position = 0;
  /** The text under work. */
  #current: { readonly frame: TextFrame; readonly stop: AbortController } | undefined;

  constructor(
    readonly flite: Flite,
    readonly voice: FliteVoice,
    readonly ctx: NodeContext,
  ) {}

  async run(input: TaskInput, emit: AwaitableEmit): Promise<void> {
    for await (const frame of input) {
      if (frame.kind !== "text" || !frame.final) continue;
      const current = { frame, stop: new AbortController() };
      this.#current = current;
      try {
        await this.#speak(frame, current.stop.signal, emit);
      } catch (error) {
        if (!current.stop.signal.aborted) throw error;
      } finally {
        this.#current = undefined;
      }
    }
  }

  /** What waits behind it is dropped on the way in. */
  onControl(control: Control): void {
    if (control.kind !== "barge-in" || !this.#current) return;
    const { frame, stop } = this.#current;
    if (!frame.protected && frame.utterance !== control.utterance) stop.abort(new Error("barge-in"));
  }

  close(): void {
    this.flite.close();
  }

  async #speak(frame: TextFrame, stop: AbortSignal, emit: AwaitableEmit): Promise<void> {
    for (const sentence of sentencesOf(frame.text)) {
      stop.throwIfAborted();
      const pcm = await this.ctx.outside((signal) =>
        this.flite.speak(sentence, this.voice, AbortSignal.any([signal, stop])),
      );
      this.ctx.usage("characters", sentence.length);
      for (let at = 0; at < pcm.length; at += FRAME_SAMPLES) {
        stop.throwIfAborted();
        const piece = pcm.subarray(at, at + FRAME_SAMPLES);
        const startSample = this.#position;
        this.#position += piece.length;
        const { utterance } = frame;
        const kept = frame.protected && { protected: true as const };
        const room = emit({ kind: "audio", pcm: piece, ...OUTPUT, startSample, utterance, ...kept });
        if (room) await room;
      }
    }
  }
}

/** What is spoken of a text, piece by piece; what has no letter and no digit is left out. */
export function sentencesOf(text: string): string[] {
  const clean = text.toWellFormed().replace(/[\p{Cc}\s]+/gu, " ");
  const sentences = Array.from(new Intl.Segmenter("en", { granularity: "sentence" }).segment(clean), (s) => s.segment);
  return sentences
    .flatMap((sentence) => sentence.match(new RegExp(`.{1,${MOST_CHARS}}(?:\\s|$)|\\S{${MOST_CHARS}}`, "gsu")) ?? [])
    .map((piece) => piece.trim())
    .filter((piece) => /[\p{L}\p{N}]/u.test(piece));
}
