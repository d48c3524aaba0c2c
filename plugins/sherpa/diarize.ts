import { z } from "zod";
import {
  type AudioFrame,
  type AwaitableEmit,
  defineNode,
  EngineError,
  type NodeContext,
  type TaskInput,
  type TaskNode,
  type TextFrame,
} from "#engine/plugin";
import { diariserModel, SherpaEngine, type SpokenPart } from "#native/sherpa";
import { modelSettings, RATE_HZ } from "./settings.ts";

const config = z.strictObject({
  ...modelSettings,
  speakers: z.number().int().min(0).max(50).default(0).describe("How many speak; 0 where that is not known."),
  threshold: z
    .number()
    .min(0.05)
    .max(0.95)
    .default(0.5)
    .describe("How unlike two voices have to be to count as two speakers, where their number is not known."),
  maxMinutes: z
    .number()
    .min(1)
    .max(600)
    .default(120)
    .describe("The whole recording is held (1.9 MB a minute) before anything is said; a longer one is an error."),
});

type Settings = z.output<typeof config>;

/** The topic of the list of who spoke when. */
const TOPIC = "sherpa.speakers";

/** Tells who spoke when, once the whole recording was heard, and hands on transcripts with their speakers. */
export const diarize = defineNode({
  type: "sherpa.diarize",
  summary: "Tells speakers apart in a whole recording with models of your own, and names them in its transcript.",
  role: "filter",
  shape: "task",
  inputs: {
    audio: { kinds: ["audio"], audio: { sampleRateHz: RATE_HZ, channels: 1 }, default: true },
    text: { kinds: ["text"], optional: true },
  },
  outputs: {
    speakers: { kinds: ["data"], default: true },
    text: { kinds: ["text"], carries: ["speaker"] },
  },
  effects: ["files"],
  config,
  async create(settings, ctx) {
    const found = diariserModel(settings.model, settings);
    const engine = await ctx.outside((signal) => SherpaEngine.open("diariser", found.config, settings.model, signal));
    return new Diariser(engine, settings, ctx);
  },
});

class Diariser implements TaskNode {
  readonly #pieces: AudioFrame[] = [];
  readonly #texts: TextFrame[] = [];
  #endSample = 0;

  constructor(
    private readonly engine: SherpaEngine,
    private readonly settings: Settings,
    private readonly ctx: NodeContext,
  ) {}

  async run(input: TaskInput, emit: AwaitableEmit): Promise<void> {
    for await (const frame of input) {
      if (frame.kind === "text" && frame.final) this.#texts.push(frame);
      if (frame.kind === "audio") this.#keep(frame);
    }
    if (this.#endSample === 0) return;
    const whole = this.#whole();
    const parts = await this.ctx.outside((signal) => this.engine.diarise(whole, signal));
    this.ctx.usage("audioSeconds", whole.length / RATE_HZ);
    const spoken = parts.map(placed);
    for (const part of spoken)
      await emit(
        { kind: "data", topic: TOPIC, value: part, atSample: part.startSample, sampleRateHz: RATE_HZ },
        "speakers",
      );
    for (const text of this.#texts) {
      const speaker = speakerOf(text, spoken);
      await emit(speaker === undefined ? text : { ...text, speaker }, "text");
    }
  }

  close(): Promise<void> {
    return this.engine.close();
  }

  #keep(frame: AudioFrame): void {
    this.#pieces.push(frame);
    this.#endSample = Math.max(this.#endSample, frame.startSample + frame.pcm.length);
    if (this.#endSample > this.settings.maxMinutes * 60 * RATE_HZ)
      throw new EngineError("AUDIO_TOO_LONG", `more than ${this.settings.maxMinutes} min (maxMinutes)`);
  }

  /** With silence where audio is missing, so that positions are those of the stream. */
  #whole(): Int16Array {
    const whole = new Int16Array(this.#endSample);
    for (const { pcm, startSample } of this.#pieces) whole.set(pcm, startSample);
    return whole;
  }
}

interface Spoken {
  readonly speaker: string;
  readonly startSample: number;
  readonly endSample: number;
}

/** Speakers are counted from 1, as people do. */
const placed = ({ start, end, speaker }: SpokenPart): Spoken => ({
  speaker: `speaker ${speaker + 1}`,
  startSample: Math.round(start * RATE_HZ),
  endSample: Math.round(end * RATE_HZ),
});

/** Whoever spoke most of it; undefined where nobody did. */
export function speakerOf(text: TextFrame, spoken: readonly Spoken[]): string | undefined {
  const scale = RATE_HZ / text.sampleRateHz;
  const [from, to] = [text.startSample * scale, text.endSample * scale];
  const shares = new Map<string, number>();
  for (const { speaker, startSample, endSample } of spoken) {
    const share = Math.min(to, endSample) - Math.max(from, startSample);
    if (share > 0) shares.set(speaker, (shares.get(speaker) ?? 0) + share);
  }
  return [...shares].sort(([, a], [, b]) => b - a)[0]?.[0];
}
