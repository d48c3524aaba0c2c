import { z } from "zod";
import {
  type AudioFrame,
  type AwaitableEmit,
  defineNode,
  EngineError,
  type Frame,
  joinPcm,
  type NodeContext,
  type TaskInput,
  type TaskNode,
} from "#engine/plugin";
import { denoiserModel, SherpaEngine } from "#native/sherpa";
import { modelSettings, RATE_HZ } from "./settings.ts";

const config = z.strictObject(modelSettings);

/** Takes noise away with a model of one's own. Positions stay: a frame goes out once the model has given all its samples. */
export const denoise = defineNode({
  type: "sherpa.denoise",
  summary: "Takes noise out of speech on this machine with a model of your own (GTCRN, DPDFNet).",
  role: "filter",
  shape: "task",
  inputs: { audio: { kinds: ["audio", "speech"], audio: { sampleRateHz: RATE_HZ, channels: 1 } } },
  outputs: { audio: { kinds: ["audio", "speech"], audio: "same" } },
  passes: "time",
  effects: ["files"],
  config,
  async create(settings, ctx) {
    const found = denoiserModel(settings.model, settings);
    if (found.sampleRateHz !== RATE_HZ)
      throw new EngineError(
        "MODEL_UNFIT",
        `${settings.model}: for ${found.sampleRateHz} Hz; wanted one for ${RATE_HZ}`,
      );
    const engine = await ctx.outside((signal) => SherpaEngine.open("denoiser", found.config, settings.model, signal));
    return new Denoiser(engine, ctx);
  },
});

/** Marks wait behind the audio before them. */
class Denoiser implements TaskNode {
  readonly #waiting: Frame[] = [];
  /** What the model gave, for the first of those that wait. */
  #given: Int16Array = new Int16Array(0);
  #inside = 0;
  #endSample: number | undefined;

  constructor(
    private readonly engine: SherpaEngine,
    private readonly ctx: NodeContext,
  ) {}

  async run(input: TaskInput, emit: AwaitableEmit): Promise<void> {
    for await (const frame of input) {
      if (frame.kind === "audio") await this.#hear(frame, emit);
      else if (frame.kind === "speech") this.#waiting.push(frame);
      await this.#pass(emit);
    }
    await this.#flush(emit);
  }

  held(): number {
    return this.#inside;
  }

  close(): Promise<void> {
    return this.engine.close();
  }

  async #hear(frame: AudioFrame, emit: AwaitableEmit): Promise<void> {
    if (this.#endSample !== undefined && frame.startSample !== this.#endSample) await this.#flush(emit);
    this.#endSample = frame.startSample + frame.pcm.length;
    this.#inside += frame.pcm.length;
    this.#waiting.push(frame);
    const given = await this.ctx.outside((signal) => this.engine.denoise(frame.pcm, false, signal));
    this.#given = joinPcm([this.#given, given]);
  }

  /** Before a gap and at the end the model gives what it holds; its last samples are silence where it gives fewer than it got. */
  async #flush(emit: AwaitableEmit): Promise<void> {
    if (this.#inside > 0) {
      const rest = await this.ctx.outside((signal) => this.engine.denoise(new Int16Array(0), true, signal));
      const whole = new Int16Array(this.#inside);
      whole.set(joinPcm([this.#given, rest]).subarray(0, whole.length));
      this.#given = whole;
    }
    await this.#pass(emit);
    this.#given = new Int16Array(0);
  }

  /** Hands on what is complete. */
  async #pass(emit: AwaitableEmit): Promise<void> {
    for (let frame = this.#waiting[0]; frame; frame = this.#waiting[0]) {
      const samples = frame.kind === "audio" ? frame.pcm.length : 0;
      if (samples > this.#given.length) return;
      this.#waiting.shift();
      const pcm = this.#given.slice(0, samples);
      this.#given = this.#given.subarray(samples);
      this.#inside -= samples;
      const room = emit(frame.kind === "audio" ? { ...frame, pcm } : frame);
      if (room) await room;
    }
  }
}
