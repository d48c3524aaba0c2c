import { type AudioFrame, type Control, type Frame, msToSamples } from "../../frames/index.ts";
import type { NodeContext } from "../context.ts";
import type { Emit, InlineNode } from "../node.ts";
import { lookbackSamples, type Step } from "./endpointing.ts";
import { FrameRing } from "./frame-ring.ts";

/** What each frame of one stream is: a detector, and the endpointing behind it. */
export interface FrameSteps {
  /** For people: what judges. */
  readonly facts: Readonly<Record<string, unknown>>;
  next(pcm: Int16Array, startSample: number): Step;
  /** Audio is missing before the frame that begins here. @returns whether that ended an utterance. */
  missing(startSample: number): boolean;
  /** Ends the open utterance. @returns whether there was one. */
  close(): boolean;
  /** Of the utterance that `next` opened: no audio before this position belongs to it. */
  readonly startSample: number;
  /** Frees what it holds. */
  free(): void;
}

export interface SegmenterSettings {
  /** As `engine` events and people call it. */
  readonly engine: string;
  readonly preRollMs: number;
  readonly minSpeechMs: number;
}

/**
 * The utterances of one mono stream: an opening mark, the pre-roll, the speech, a closing mark. What a frame is, a detector's steps say; what goes
 * out is decided here. Every detector's node is one of these, so that one can stand in another's place.
 */
export class Segmenter implements InlineNode {
  readonly #ctx: NodeContext;
  readonly #steps: FrameSteps;
  readonly #preRoll: FrameRing;
  readonly #sampleRateHz: number;
  readonly #preRollSamples: number;
  readonly #minSpeechSamples: number;
  #utterance = "";
  /** The position after the last frame that was emitted. */
  #emittedEnd = 0;
  /** Where the next frame begins if nothing is missing; undefined before the first. */
  #expected: number | undefined;

  /** @param steps freed with the node. */
  constructor(settings: SegmenterSettings, ctx: NodeContext, steps: FrameSteps) {
    const { sampleRateHz } = ctx.format;
    this.#ctx = ctx;
    this.#sampleRateHz = sampleRateHz;
    this.#preRollSamples = msToSamples(settings.preRollMs, sampleRateHz);
    this.#minSpeechSamples = msToSamples(settings.minSpeechMs, sampleRateHz);
    this.#steps = steps;
    this.#preRoll = new FrameRing(lookbackSamples(settings, sampleRateHz));
    ctx.report({ type: "engine", engine: settings.engine, ...steps.facts });
  }

  onFrame(frame: Frame, emit: Emit): void {
    if (frame.kind !== "audio") return;
    const isGap = this.#expected !== undefined && frame.startSample > this.#expected;
    if (isGap && this.#steps.missing(frame.startSample)) this.#mark("end", this.#emittedEnd, emit);
    this.judged(this.#steps.next(frame.pcm, frame.startSample), frame, emit);
  }

  judged(step: Step, frame: AudioFrame, emit: Emit): void {
    this.#expected = frame.startSample + frame.pcm.length;
    switch (step) {
      case "quiet":
        this.#hold(frame);
        return;
      case "opened":
        this.#hold(frame);
        this.#open(emit);
        return;
      case "speech":
        this.#pass(frame, emit);
        return;
      case "closed":
      case "full":
        if (step === "full") this.#ctx.count("fullSegments");
        this.#pass(frame, emit);
        this.#mark("end", this.#emittedEnd, emit);
    }
  }

  onControl(control: Control, emit: Emit): void {
    if (control.kind !== "flush" && control.kind !== "end") return;
    if (this.#steps.close()) this.#mark("end", this.#emittedEnd, emit);
    if (control.kind === "end") this.#ctx.gate(this.#preRoll.dropBefore(Number.POSITIVE_INFINITY));
  }

  held(): number {
    return this.#preRoll.samples;
  }

  close(): void {
    this.#steps.free();
  }

  #hold(frame: AudioFrame): void {
    const lost = this.#preRoll.push(frame);
    if (lost > 0) this.#ctx.gate(lost);
  }

  #open(emit: Emit): void {
    const lost = this.#preRoll.dropBefore(this.#steps.startSample);
    if (lost > 0) this.#ctx.gate(lost);
    this.#utterance = this.#ctx.newUtterance();
    this.#ctx.count("utterances");
    const frames = this.#preRoll.takeAll();
    const atSample = frames[0]!.startSample;
    this.#mark("start", atSample, emit, this.#voicedSample(atSample, frames.at(-1)!));
    for (const frame of frames) this.#pass(frame, emit);
  }

  #mark(mark: "start" | "end", atSample: number, emit: Emit, voicedSample?: number): void {
    const facts = { utterance: this.#utterance, atSample, sampleRateHz: this.#sampleRateHz };
    emit({ kind: "speech", mark, ...facts, ...(voicedSample !== undefined && { voicedSample }) });
  }

  /** Behind the pre-roll; where that was cut short, no later than what was needed to open before the end of the frame that opened. */
  #voicedSample(atSample: number, opening: AudioFrame): number {
    const behind = this.#steps.startSample + this.#preRollSamples;
    const latest = opening.startSample + opening.pcm.length - this.#minSpeechSamples;
    return Math.max(atSample, Math.min(behind, latest));
  }

  /** The frame with the id of its utterance; the samples are shared. */
  #pass(frame: AudioFrame, emit: Emit): void {
    this.#emittedEnd = frame.startSample + frame.pcm.length;
    if (frame.utterance === this.#utterance) return emit(frame);
    const { pcm, sampleRateHz, channels, startSample } = frame; // written out: a spread costs 0.1 µs
    const named: AudioFrame = { kind: "audio", pcm, sampleRateHz, channels, startSample, utterance: this.#utterance };
    emit(frame.protected ? { ...named, protected: true } : named);
  }
}
