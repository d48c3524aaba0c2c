import { type AudioFrame, type Control, type Frame, msToSamples } from "../../frames/index.ts";
import type { NodeContext } from "../context.ts";
import { Intake } from "../intake.ts";
import type { AwaitableEmit, TaskInput, TaskNode } from "../node.ts";
import { HeardUtterance, type Reading } from "./heard-utterance.ts";

/** A recogniser outside the loop that hears one utterance after the other. */
export interface UtteranceEngine {
  /** The reading so far. @param step what was heard since, the engine's own. */
  feed(step: Int16Array<ArrayBuffer>, signal: AbortSignal): Promise<string>;
  /**
   * Ends the utterance; not called for one of which nothing was heard.
   * @param rest what was heard since, perhaps nothing; the engine's own.
   * @param heardSamples of the whole utterance.
   */
  end(rest: Int16Array<ArrayBuffer>, heardSamples: number, signal: AbortSignal): Promise<Reading>;
  close(): Promise<void>;
}

export interface UtteranceListenerSettings {
  readonly sampleRateHz: number;
  /** BCP 47. */
  readonly language?: string | undefined;
  /** How much is fed at a time. Left out: nothing is, and each utterance is heard as a whole at its end. */
  readonly stepMs?: number | undefined;
  /** Cuts an utterance that nothing ends. */
  readonly maxUtteranceMs: number;
  /** Made for each utterance; see `HeardUtterance`: how many leading characters of a reading no later one changes. Default: none. */
  readonly stable?: (() => (text: string, heardSamples: number) => number) | undefined;
}

/** What is taken in while a final is made: more than an accurate one of the longest usual utterance takes. */
const AHEAD_MS = 10_000;

/**
 * A recogniser's node around an engine, which it owns: collects audio into steps counted from the start of each utterance, so that what is
 * recognised does not depend on how the audio was framed, and asks step by step, announced to the run's clock.
 */
export class UtteranceListener implements TaskNode {
  readonly #settings: UtteranceListenerSettings;
  readonly #ctx: NodeContext;
  readonly #engine: UtteranceEngine;
  readonly #stepSamples: number;
  readonly #maxSamples: number;
  #step: Int16Array<ArrayBuffer>;
  #filled = 0;
  #utterance: HeardUtterance | undefined;
  /** Ids are not used twice: what still comes of a finished utterance gets a new one. */
  #finishedId: string | undefined;
  #intake: Intake | undefined;

  constructor(settings: UtteranceListenerSettings, ctx: NodeContext, engine: UtteranceEngine) {
    this.#settings = settings;
    this.#ctx = ctx;
    this.#engine = engine;
    const { sampleRateHz, stepMs, maxUtteranceMs } = settings;
    this.#maxSamples = msToSamples(maxUtteranceMs, sampleRateHz);
    this.#stepSamples = stepMs === undefined ? this.#maxSamples : msToSamples(stepMs, sampleRateHz);
    this.#step = new Int16Array(this.#stepSamples);
  }

  async run(input: TaskInput, emit: AwaitableEmit): Promise<void> {
    const intake = new Intake(input, msToSamples(AHEAD_MS, this.#settings.sampleRateHz));
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
    return this.#engine.close();
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
      if (this.#settings.stepMs !== undefined && this.#filled === this.#stepSamples) await this.#feed(utterance, emit);
      if (utterance.heardSamples < this.#maxSamples) continue;
      this.#ctx.count("cutUtterances");
      await this.#finish(emit);
    }
  }

  async #feed(utterance: HeardUtterance, emit: AwaitableEmit): Promise<void> {
    const step = this.#takeStep();
    const partial = utterance.partial(await this.#ctx.outside((signal) => this.#engine.feed(step, signal)));
    if (partial) await emit(partial, "partial");
  }

  async #finish(emit: AwaitableEmit, endSample?: number): Promise<void> {
    const utterance = this.#utterance;
    if (!utterance) return;
    const reading = await this.#end(utterance);
    this.#account(utterance);
    this.#utterance = undefined;
    this.#finishedId = utterance.id;
    if (reading && reading.text !== "") {
      await emit(utterance.final(reading, endSample), "final");
      return;
    }
    this.#ctx.count("emptyUtterances");
    this.#ctx.report({ type: "emptyUtterance", utterance: utterance.id });
    const taken = utterance.shown ? utterance.partial("") : undefined;
    if (taken) await emit(taken, "partial");
  }

  /** What comes meanwhile is taken in: a live source does not wait. */
  async #end({ heardSamples }: HeardUtterance): Promise<Reading | undefined> {
    const rest = this.#takeStep();
    if (heardSamples === 0) return undefined;
    const ending = this.#ctx.outside((signal) => this.#engine.end(rest, heardSamples, signal));
    return await (this.#intake?.during(ending) ?? ending);
  }

  #open(id: string | undefined, startSample: number): HeardUtterance {
    const fresh = id !== undefined && id !== this.#finishedId ? id : this.#ctx.newUtterance();
    const { sampleRateHz, language, stable } = this.#settings;
    this.#utterance = new HeardUtterance({ id: fresh, startSample, sampleRateHz, language, stable: stable?.() });
    return this.#utterance;
  }

  /** What was collected; its buffer goes to the engine, so the next step gets a new one. */
  #takeStep(): Int16Array<ArrayBuffer> {
    const whole = this.#filled === this.#stepSamples;
    const step = whole ? this.#step : this.#step.slice(0, this.#filled);
    if (whole) this.#step = new Int16Array(this.#stepSamples);
    this.#filled = 0;
    return step;
  }

  #account({ heardSamples }: HeardUtterance): void {
    this.#ctx.usage("audioSeconds", heardSamples / this.#settings.sampleRateHz);
  }
}
