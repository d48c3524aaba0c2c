import { z } from "zod";
import {
  type AudioFrame,
  type AwaitableEmit,
  type Control,
  defineNode,
  type Frame,
  msToSamples,
  type NodeContext,
  type TaskInput,
  type TaskNode,
} from "#engine/plugin";
import { DECODER_RATE_HZ, Recogniser } from "#native/pocketsphinx";
import { HeardUtterance } from "./heard.ts";
import { Intake } from "./intake.ts";

const config = z.strictObject({
  final: z
    .enum(["fast", "accurate"])
    .default("fast")
    .describe("How finals are made: from the running decoding, or by decoding the whole utterance again at its end."),
  secondPass: z
    .boolean()
    .default(false)
    .describe(
      "Searches each utterance a second time at its end: finals come later, and were no better in measurements.",
    ),
  stepMs: z
    .number()
    .int()
    .min(20)
    .max(1000)
    .default(100)
    .describe("How much audio is decoded at a time, and so how often a partial may come."),
  maxUtteranceMs: z
    .number()
    .int()
    .min(1000)
    .max(300_000)
    .default(90_000)
    .describe("Cuts an utterance that nothing ends, such as a stream without a detector in front."),
});

type Settings = z.output<typeof config>;

/** What is taken in while a final is made: more than an accurate one of the longest usual utterance takes. */
const AHEAD_MS = 10_000;

/** Recognises English speech, utterance by utterance, with a decoder of its own for each stream. */
export const asr = defineNode({
  type: "pocketsphinx.asr",
  summary: "Recognises English speech on this machine with pocketsphinx: partials, finals and word times.",
  role: "asr",
  shape: "task",
  inputs: { audio: { kinds: ["audio", "speech"], audio: { sampleRateHz: DECODER_RATE_HZ, channels: 1 } } },
  outputs: {
    final: { kinds: ["text"], textRole: "transcript", language: "en-US", default: true, carries: ["words"] },
    partial: { kinds: ["text"], textRole: "transcript", language: "en-US", carries: ["partials"] },
  },
  config,
  async create(settings, ctx) {
    const recogniser = await Recogniser.open({ finals: settings.final, secondPass: settings.secondPass });
    return new Listener(settings, ctx, recogniser);
  },
});

/**
 * Collects audio into steps counted from the start of each utterance, so that what is recognised does not depend on how the audio was
 * framed, and asks the decoder's thread step by step.
 */
class Listener implements TaskNode {
  readonly #ctx: NodeContext;
  readonly #recogniser: Recogniser;
  readonly #stepSamples: number;
  readonly #maxSamples: number;
  #step: Int16Array<ArrayBuffer>;
  #filled = 0;
  #utterance: HeardUtterance | undefined;
  /** Ids are not used twice: what still comes of a finished utterance gets a new one. */
  #finishedId: string | undefined;
  #intake: Intake | undefined;

  constructor(settings: Settings, ctx: NodeContext, recogniser: Recogniser) {
    this.#ctx = ctx;
    this.#recogniser = recogniser;
    this.#stepSamples = msToSamples(settings.stepMs, DECODER_RATE_HZ);
    this.#maxSamples = msToSamples(settings.maxUtteranceMs, DECODER_RATE_HZ);
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
    return this.#recogniser.close();
  }

  async #take(frame: Frame, emit: AwaitableEmit): Promise<void> {
    if (frame.kind === "audio") return this.#hear(frame, emit);
    if (frame.kind !== "speech") return;
    await this.#finish(emit, frame.mark === "end" ? frame.atSample : undefined);
    if (frame.mark === "start") this.#open(frame.utterance, frame.atSample);
  }

  async #hear(frame: AudioFrame, emit: AwaitableEmit): Promise<void> {
    const utterance = this.#utterance ?? this.#open(frame.utterance, frame.startSample);
    utterance.hear(frame);
    const { pcm } = frame;
    for (let at = 0; at < pcm.length; ) {
      const piece = pcm.subarray(at, at + this.#stepSamples - this.#filled);
      this.#step.set(piece, this.#filled);
      this.#filled += piece.length;
      at += piece.length;
      if (this.#filled === this.#stepSamples) await this.#decode(utterance, emit);
    }
    if (utterance.heardSamples >= this.#maxSamples) {
      this.#ctx.count("cutUtterances");
      await this.#finish(emit);
    }
  }

  async #decode(utterance: HeardUtterance, emit: AwaitableEmit): Promise<void> {
    const step = this.#takeStep();
    const text = await this.#ctx.outside(() => this.#recogniser.feed(step));
    const partial = utterance.partial(text);
    if (partial) await emit(partial, "partial");
  }

  async #finish(emit: AwaitableEmit, endSample?: number): Promise<void> {
    const utterance = this.#utterance;
    if (!utterance) return;
    const rest = this.#takeStep();
    const ending = this.#ctx.outside(() => this.#recogniser.end(rest));
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
    this.#utterance = new HeardUtterance(fresh, startSample, DECODER_RATE_HZ);
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
