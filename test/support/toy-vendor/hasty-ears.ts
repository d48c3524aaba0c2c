import { z } from "zod";
import { type AudioFrame, defineNode, type Emit, type NodeContext, type TextFrame, type Word } from "#engine/plugin";
import { ENDPOINT_MS, inSamples, RATE, VOCABULARY, WORD_MS } from "./ears.ts";

interface Hasty {
  readonly words: number;
  readonly endsMs: number;
}

/**
 * Hears what `spoken` says as a service does that waits for no pause and is not exact: a final after so many words, or after silence, whose
 * end it gives too early or too late.
 */
export const hastyEars = defineNode({
  type: "toy.hasty-ears",
  summary: "Hears made-up speech, a few words at a time.",
  role: "asr",
  inputs: { audio: { kinds: ["audio"], audio: { sampleRateHz: RATE, channels: 1 } } },
  outputs: {
    partial: { kinds: ["text"], textRole: "transcript", carries: ["partials"] },
    final: { kinds: ["text"], textRole: "transcript", default: true },
  },
  config: z.strictObject({
    words: z.number().int().min(1).describe("of a final"),
    endsMs: z.number().int().min(-WORD_MS).max(WORD_MS).describe("how much too late its end is"),
  }),
  create: (config, ctx) => {
    const hearing = new HastyHearing(config, ctx);
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

class HastyHearing {
  #words: Word[] = [];
  #number = 0;
  #beganAt = 0;
  #at = 0;
  #finalTo = 0;
  #utterance: string | undefined;
  #revision = 0;

  constructor(
    readonly hasty: Hasty,
    readonly ctx: NodeContext,
  ) {}

  hear(frame: AudioFrame, emit: Emit): void {
    this.#at = frame.startSample;
    for (const value of frame.pcm) {
      if (value !== this.#number) this.#change(value, emit);
      this.#at++;
      if (this.#isDue) this.#say(true, emit);
    }
  }

  finish(emit: Emit): void {
    this.#change(0, emit);
    if (this.#words.length > 0) this.#say(true, emit);
  }

  /** Enough words were heard and their end, as it is told, has come; or nothing more was heard for long. */
  get #isDue(): boolean {
    const last = this.#words.at(-1);
    if (!last) return false;
    if (this.#number === 0 && this.#at - this.#beganAt === inSamples(ENDPOINT_MS)) return true;
    return (
      this.#words.length >= this.hasty.words && this.#at >= last.endSample + Math.max(0, inSamples(this.hasty.endsMs))
    );
  }

  #change(value: number, emit: Emit): void {
    const text = VOCABULARY[this.#number - 1];
    if (text !== undefined && this.#at - this.#beganAt >= inSamples(WORD_MS) / 2) {
      this.#words.push({ text, startSample: this.#beganAt, endSample: this.#at });
      this.#say(false, emit);
    }
    this.#number = value;
    this.#beganAt = this.#at;
  }

  #say(final: boolean, emit: Emit): void {
    this.#utterance ??= this.ctx.newUtterance();
    const text = this.#words.map((word) => word.text).join(" ");
    const startSample = Math.max(this.#finalTo, this.#words[0]?.startSample ?? 0);
    const spokeTo = this.#words.at(-1)?.endSample ?? 0;
    const endSample = Math.max(startSample, final ? spokeTo + inSamples(this.hasty.endsMs) : spokeTo);
    const frame: TextFrame = {
      kind: "text",
      role: "transcript",
      text,
      utterance: this.#utterance,
      revision: ++this.#revision,
      final,
      stableChars: text.length,
      startSample,
      endSample,
      sampleRateHz: RATE,
    };
    emit(frame, final ? "final" : "partial");
    if (!final) return;
    this.#finalTo = endSample;
    this.#words = [];
    this.#utterance = undefined;
    this.#revision = 0;
  }
}
