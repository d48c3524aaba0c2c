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
  type TextFrame,
  type Word,
} from "#engine/plugin";
import type { SherpaEngine, SherpaHeard } from "#native/sherpa";
import { wordsOf } from "./heard.ts";
import { RATE_HZ } from "./settings.ts";

export interface ListenerSettings {
  readonly streaming: boolean;
  readonly stepMs: number;
  readonly maxUtteranceMs: number;
  readonly language?: string | undefined;
}

/** What a listener asks of an engine, which it owns. */
export type Hearing = Pick<SherpaEngine, "hear" | "heard" | "close">;

interface Utterance {
  readonly id: string;
  readonly startSample: number;
  /** Where its samples stand on the stream: one entry wherever a piece does not follow the one before it. */
  readonly spans: { readonly heard: number; readonly startSample: number }[];
  heardSamples: number;
  revision: number;
  text: string;
}

/** What is taken in while a final is made: more than the longest usual utterance takes. */
const AHEAD_MS = 10_000;

/** Collects the audio of each utterance in steps counted from its start, so that what is heard does not depend on how it was framed. */
export class Listener implements TaskNode {
  readonly #stepSamples: number;
  readonly #maxSamples: number;
  #step: Int16Array;
  #filled = 0;
  #utterance: Utterance | undefined;
  /** Ids are not used twice: what still comes of a finished utterance gets a new one. */
  #finishedId: string | undefined;
  #intake: Intake | undefined;

  constructor(
    private readonly settings: ListenerSettings,
    private readonly ctx: NodeContext,
    private readonly engine: Hearing,
  ) {
    this.#maxSamples = msToSamples(settings.maxUtteranceMs, RATE_HZ);
    this.#stepSamples = settings.streaming ? msToSamples(settings.stepMs, RATE_HZ) : this.#maxSamples;
    this.#step = new Int16Array(this.#stepSamples);
  }

  async run(input: TaskInput, emit: AwaitableEmit): Promise<void> {
    const intake = new Intake(input, msToSamples(AHEAD_MS, RATE_HZ));
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
    return this.engine.close();
  }

  async #take(frame: Frame, emit: AwaitableEmit): Promise<void> {
    if (frame.kind === "audio") return this.#hear(frame, emit);
    if (frame.kind !== "speech") return;
    await this.#finish(emit, frame.mark === "end" ? frame.atSample : undefined);
    if (frame.mark === "start") this.#open(frame.utterance, frame.atSample);
  }

  async #hear({ pcm, startSample, utterance: id }: AudioFrame, emit: AwaitableEmit): Promise<void> {
    for (let at = 0; at < pcm.length; ) {
      const utterance = this.#utterance ?? this.#open(id, startSample + at);
      const room = Math.min(this.#stepSamples - this.#filled, this.#maxSamples - utterance.heardSamples);
      const piece = pcm.subarray(at, at + room);
      this.#step.set(piece, this.#filled);
      this.#filled += piece.length;
      place(utterance, startSample + at, piece.length);
      at += piece.length;
      if (this.settings.streaming && this.#filled === this.#stepSamples) await this.#decode(utterance, emit);
      if (utterance.heardSamples < this.#maxSamples) continue;
      this.ctx.count("cutUtterances");
      await this.#finish(emit);
    }
  }

  async #decode(utterance: Utterance, emit: AwaitableEmit): Promise<void> {
    const step = this.#takeStep();
    const text = await this.ctx.outside((signal) => this.engine.hear(step, signal));
    if (text !== utterance.text) await emit(this.#partial(utterance, text), "partial");
  }

  async #finish(emit: AwaitableEmit, endSample?: number): Promise<void> {
    const utterance = this.#utterance;
    if (!utterance) return;
    const rest = this.#takeStep();
    const heard = await this.#heard(utterance, rest);
    this.#account(utterance);
    this.#utterance = undefined;
    this.#finishedId = utterance.id;
    if (heard && heard.text !== "") {
      const end = endSample ?? endOf(utterance);
      const words = wordsOf(heard, RATE_HZ, utterance.heardSamples)?.map(
        ({ text, startSample, endSample: last }): Word => {
          // the last sample's own position, so that a word before a gap ends there and not behind it
          const stop = last > startSample ? positionOf(utterance, last - 1) + 1 : positionOf(utterance, startSample);
          return {
            text,
            startSample: Math.min(positionOf(utterance, startSample), end),
            endSample: Math.min(stop, end),
          };
        },
      );
      const more = words && { words };
      await emit(
        { ...this.#text(utterance, heard.text, end), final: true, stableChars: heard.text.length, ...more },
        "final",
      );
      return;
    }
    this.ctx.count("emptyUtterances");
    this.ctx.report({ type: "emptyUtterance", utterance: utterance.id });
    if (utterance.text !== "") await emit(this.#partial(utterance, ""), "partial");
  }

  /** What comes meanwhile is taken in: a live source does not wait. */
  async #heard(utterance: Utterance, rest: Int16Array): Promise<SherpaHeard | undefined> {
    if (utterance.heardSamples === 0) return undefined;
    const ending = this.ctx.outside((signal) => this.engine.heard(rest, signal));
    return await (this.#intake?.during(ending) ?? ending);
  }

  #open(id: string | undefined, startSample: number): Utterance {
    const fresh = id !== undefined && id !== this.#finishedId ? id : this.ctx.newUtterance();
    this.#utterance = { id: fresh, startSample, spans: [], heardSamples: 0, revision: 0, text: "" };
    return this.#utterance;
  }

  #partial(utterance: Utterance, text: string): TextFrame {
    utterance.text = text;
    return { ...this.#text(utterance, text, endOf(utterance)), final: false, stableChars: 0 };
  }

  #text(utterance: Utterance, text: string, endSample: number): Omit<TextFrame, "final" | "stableChars"> {
    const { id, startSample } = utterance;
    const { language } = this.settings;
    return {
      kind: "text",
      role: "transcript",
      text,
      utterance: id,
      revision: ++utterance.revision,
      startSample,
      endSample,
      sampleRateHz: RATE_HZ,
      ...(language !== undefined && { language }),
    };
  }

  #takeStep(): Int16Array {
    const step = this.#step.slice(0, this.#filled);
    this.#filled = 0;
    return step;
  }

  #account(utterance: Utterance): void {
    this.ctx.usage("audioSeconds", utterance.heardSamples / RATE_HZ);
  }
}

function place(utterance: Utterance, startSample: number, samples: number): void {
  if (utterance.spans.length === 0 || startSample !== endOf(utterance))
    utterance.spans.push({ heard: utterance.heardSamples, startSample });
  utterance.heardSamples += samples;
}

/** On the stream: the position after what was heard last. */
function endOf({ spans, startSample, heardSamples }: Utterance): number {
  const span = spans.at(-1);
  return span ? span.startSample + heardSamples - span.heard : startSample;
}

function positionOf({ spans, startSample }: Utterance, heard: number): number {
  const span = spans.findLast((each) => each.heard <= heard) ?? spans[0];
  return span ? span.startSample + heard - span.heard : startSample;
}
