import {
  type AudioFrame,
  type AwaitableEmit,
  type Control,
  type Frame,
  Intake,
  msToSamples,
  type NodeContext,
  type TaskInput,
  type TaskNode,
} from "#engine/plugin";
import { DECODER_RATE_HZ, type Recogniser } from "#native/pocketsphinx";
import { HeardUtterance } from "./heard.ts";

export interface ListenerSettings {
  readonly stepMs: number;
  readonly maxUtteranceMs: number;
  /** Finals are the running decoding's last reading; otherwise they may differ from all partials. */
  readonly finalsFollow: boolean;
}

/** What a listener asks of a `Recogniser`, which it owns. */
export type StreamDecoder = Pick<Recogniser, "feed" | "end" | "close">;

/** What is taken in while a final is made: more than an accurate one of the longest usual utterance takes. */
const AHEAD_MS = 10_000;

/** See `StablePrefix` for what was measured. */
const STANDS_MS = 1500;

/**
 * Collects audio into steps counted from the start of each utterance, so that what is recognised does not depend on how the audio was
 * framed, and asks the decoder's thread step by step.
 */
export class Listener implements TaskNode {
  readonly #ctx: NodeContext;
  readonly #decoder: StreamDecoder;
  readonly #stepSamples: number;
  readonly #maxSamples: number;
  readonly #standsSamples: number;
  #step: Int16Array<ArrayBuffer>;
  #filled = 0;
  #utterance: HeardUtterance | undefined;
  /** Ids are not used twice: what still comes of a finished utterance gets a new one. */
  #finishedId: string | undefined;
  #intake: Intake | undefined;

  constructor(settings: ListenerSettings, ctx: NodeContext, decoder: StreamDecoder) {
    this.#ctx = ctx;
    this.#decoder = decoder;
    this.#stepSamples = msToSamples(settings.stepMs, DECODER_RATE_HZ);
    this.#maxSamples = msToSamples(settings.maxUtteranceMs, DECODER_RATE_HZ);
    this.#standsSamples = settings.finalsFollow ? msToSamples(STANDS_MS, DECODER_RATE_HZ) : Number.POSITIVE_INFINITY;
    this.#step = new Int16Array(this.#stepSamples);
  }

  async run(input: TaskInput, emit: AwaitableEmit): Promise<void> {
    const intake = new Intake(input, msToSamples(AHEAD_MS, DECODER_RATE_HZ));
    this.#intake = intake;
    for (let came = await intake.next(); came; came = await intake.next())
      if (came === "flush") await this.#finish(emit);
      else await this.#take(came.frame, emit);
    await this.#finish(emit);
  }

  onControl(control: Control): void {
    if (control.kind === "flush") this.#intake?.flush();
  }

  close(): Promise<void> {
    if (this.#utterance) this.#account(this.#utterance);
    return this.#decoder.close();
  }

  async #take(frame: Frame, emit: AwaitableEmit): Promise<void> {
    if (frame.kind === "audio") return this.#hear(frame, emit);
    if (frame.kind !== "speech") return;
    await this.#finish(emit, frame.mark === "end" ? frame.atSample : undefined);
    if (frame.mark === "start") this.#open(frame.utterance, frame.atSample);
  }

  /** Piece by piece, so that steps, partials and cuts fall on the same samples however the audio was framed. */
  async #hear({ pcm, startSample, utterance: id }: AudioFrame, emit: AwaitableEmit): Promise<void> {
    for (let at = 0; at < pcm.length; ) {
      const utterance = this.#utterance ?? this.#open(id, startSample + at);
      const room = Math.min(this.#stepSamples - this.#filled, this.#maxSamples - utterance.heardSamples);
      const piece = pcm.subarray(at, at + room);
      this.#step.set(piece, this.#filled);
      this.#filled += piece.length;
      utterance.hear(startSample + at, piece.length);
      at += piece.length;
      if (this.#filled === this.#stepSamples) await this.#decode(utterance, emit);
      if (utterance.heardSamples < this.#maxSamples) continue;
      this.#ctx.count("cutUtterances");
      await this.#finish(emit);
    }
  }

  async #decode(utterance: HeardUtterance, emit: AwaitableEmit): Promise<void> {
    const step = this.#takeStep();
    const text = await this.#ctx.outside(() => this.#decoder.feed(step));
    const partial = utterance.partial(text);
    if (partial) await emit(partial, "partial");
  }

  async #finish(emit: AwaitableEmit, endSample?: number): Promise<void> {
    const utterance = this.#utterance;
    if (!utterance) return;
    const rest = this.#takeStep();
    const ending = this.#ctx.outside(() => this.#decoder.end(rest));
    const words = await (this.#intake?.during(ending) ?? ending);
    this.#account(utterance);
    this.#utterance = undefined;
    this.#finishedId = utterance.id;
    if (words.length > 0) {
      await emit(utterance.final(words, endSample), "final");
      return;
    }
    this.#ctx.count("emptyUtterances");
    this.#ctx.report({ type: "emptyUtterance", utterance: utterance.id });
    const taken = utterance.shown ? utterance.partial("") : undefined;
    if (taken) await emit(taken, "partial");
  }

  #open(id: string | undefined, startSample: number): HeardUtterance {
    const fresh = id !== undefined && id !== this.#finishedId ? id : this.#ctx.newUtterance();
    this.#utterance = new HeardUtterance({
      id: fresh,
      startSample,
      sampleRateHz: DECODER_RATE_HZ,
      standsSamples: this.#standsSamples,
    });
    return this.#utterance;
  }

  /** What was collected; its buffer goes to the decoder's thread, so the next step gets a new one. */
  #takeStep(): Int16Array<ArrayBuffer> {
    const step = this.#filled === this.#stepSamples ? this.#step : this.#step.slice(0, this.#filled);
    if (step === this.#step) this.#step = new Int16Array(this.#stepSamples);
    this.#filled = 0;
    return step;
  }

  #account(utterance: HeardUtterance): void {
    this.#ctx.usage("audioSeconds", utterance.heardSamples / DECODER_RATE_HZ);
  }
}
