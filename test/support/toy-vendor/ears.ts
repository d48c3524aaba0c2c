import { z } from "zod";
import { type AudioFrame, defineNode, type Emit, type NodeContext, type TextFrame, type Word } from "#engine/plugin";

export const RATE = 16_000;
export const WORD_MS = 200;
const BETWEEN_WORDS_MS = 100;
const BETWEEN_SENTENCES_MS = 600;
/** Silence that ends a sentence. */
export const ENDPOINT_MS = 300;
export const VOCABULARY = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"];

export const inSamples = (ms: number): number => (ms * RATE) / 1000;

/**
 * Speech that needs no recogniser of the real world: every sample of a word is its number in the vocabulary, silence is 0.
 * @param betweenWordsMs 0: the words of a sentence follow each other without silence.
 */
export function spoken(sentences: readonly string[], frameMs = 20, betweenWordsMs = BETWEEN_WORDS_MS): AudioFrame[] {
  const pcm: number[] = [];
  const silence = (ms: number) => pcm.push(...new Array<number>(inSamples(ms)).fill(0));
  silence(BETWEEN_WORDS_MS);
  for (const sentence of sentences) {
    for (const word of sentence.split(" ")) {
      pcm.push(...new Array<number>(inSamples(WORD_MS)).fill(VOCABULARY.indexOf(word) + 1));
      silence(betweenWordsMs);
    }
    silence(BETWEEN_SENTENCES_MS - betweenWordsMs);
  }
  const size = inSamples(frameMs);
  return Array.from({ length: Math.ceil(pcm.length / size) }, (_, i) => ({
    kind: "audio",
    pcm: Int16Array.from(pcm.slice(i * size, (i + 1) * size)),
    sampleRateHz: RATE,
    channels: 1,
    startSample: i * size,
  }));
}

/** Hears what `spoken` says: a partial after each word, a final after silence. A word of which half is missing is not heard. */
export const ears = defineNode({
  type: "toy.ears",
  summary: "Hears made-up speech.",
  role: "asr",
  inputs: { audio: { kinds: ["audio"], audio: { sampleRateHz: RATE, channels: 1 } } },
  outputs: {
    partial: { kinds: ["text"], textRole: "transcript", carries: ["partials"] },
    final: { kinds: ["text"], textRole: "transcript", default: true },
  },
  config: z.strictObject({}),
  create: (_config, ctx) => {
    const hearing = new Hearing(ctx);
    return {
      onFrame(frame, emit) {
        if (frame.kind === "audio") hearing.hear(frame, emit);
      },
      onControl(control, emit) {
        if (control.kind === "end" || control.kind === "flush") hearing.finish(emit);
      },
    };
  },
});

/** Marks where `spoken` speaks, from half a second of silence to the next; a real detector's marks come as late. */
export const marks = defineNode({
  type: "toy.marks",
  summary: "Marks made-up speech.",
  role: "filter",
  inputs: { audio: { kinds: ["audio"], audio: { sampleRateHz: RATE, channels: 1 } } },
  outputs: { speech: { kinds: ["speech"] } },
  config: z.strictObject({}),
  create: (_config, ctx) => {
    let open: string | undefined;
    let spokeTo = 0;
    const close = (emit: Emit) => {
      if (open !== undefined)
        emit({ kind: "speech", mark: "end", utterance: open, atSample: spokeTo, sampleRateHz: RATE });
      open = undefined;
    };
    return {
      onFrame(frame, emit) {
        if (frame.kind !== "audio") return;
        const end = frame.startSample + frame.pcm.length;
        if (frame.pcm.some((value) => value !== 0)) {
          if (open === undefined) {
            open = ctx.newUtterance();
            const atSample = frame.startSample;
            emit({ kind: "speech", mark: "start", utterance: open, atSample, sampleRateHz: RATE });
          }
          spokeTo = end;
        } else if (end - spokeTo >= inSamples(ENDPOINT_MS)) close(emit);
      },
      onControl(control, emit) {
        if (control.kind === "end") close(emit);
      },
    };
  },
});

/** Finds the words of made-up speech in a stream. */
export class Hearing {
  #words: Word[] = [];
  #number = 0;
  #count = 0;
  #silent = 0;
  #at = 0;
  #utterance: string | undefined;
  #revision = 0;

  constructor(readonly ctx: NodeContext) {}

  hear(frame: AudioFrame, emit: Emit): void {
    this.#at = frame.startSample;
    for (const value of frame.pcm) {
      if (value !== this.#number) this.#wordEnds(emit);
      this.#number = value;
      this.#count = value === 0 ? 0 : this.#count + 1;
      this.#silent = value === 0 ? this.#silent + 1 : 0;
      this.#at++;
      if (this.#silent === inSamples(ENDPOINT_MS)) this.finish(emit);
    }
  }

  finish(emit: Emit): void {
    this.#wordEnds(emit);
    this.#number = 0;
    this.#count = 0;
    if (this.#words.length > 0) this.#say(true, emit);
    this.#words = [];
    this.#utterance = undefined;
    this.#revision = 0;
  }

  #wordEnds(emit: Emit): void {
    const text = VOCABULARY[this.#number - 1];
    if (text === undefined || this.#count < inSamples(WORD_MS) / 2) return;
    this.#words.push({ text, startSample: this.#at - this.#count, endSample: this.#at });
    this.#say(false, emit);
  }

  #say(final: boolean, emit: Emit): void {
    this.#utterance ??= this.ctx.newUtterance();
    const text = this.#words.map((word) => word.text).join(" ");
    const frame: TextFrame = {
      kind: "text",
      role: "transcript",
      text,
      utterance: this.#utterance,
      revision: ++this.#revision,
      final,
      stableChars: text.length,
      startSample: this.#words[0]?.startSample ?? 0,
      endSample: this.#words.at(-1)?.endSample ?? 0,
      sampleRateHz: RATE,
    };
    emit(frame, final ? "final" : "partial");
  }
}
