import { z } from "zod";
import {
  defineNode,
  Endpointing,
  type EndpointingSettings,
  type FrameSteps,
  path,
  Segmenter,
  type Step,
  segmentDelays,
  segmentSettings,
} from "#engine/plugin";
import { bundledSilero, SileroVad } from "#native/sherpa";

const RATE_HZ = 16_000;

const config = z.strictObject({
  threshold: z
    .number()
    .min(0.05)
    .max(0.95)
    .default(0.5)
    .describe("How sure the model has to be that it hears speech: lower lets more through."),
  ...segmentSettings("100 ms"),
  model: path(z.string().min(1), "read")
    .optional()
    .describe("A Silero model file of one's own, version 4 to 6; the one of the package decibri (6.2) where left out."),
});

/** Pauses within a word are shorter. */
const HANGOVER_MS = 100;

/** Cuts a mono stream into utterances: an opening mark, the pre-roll, the speech, a closing mark. The same contract as `webrtc.vad`. */
export const vad = defineNode({
  type: "silero.vad",
  summary: "Cuts audio into utterances with the Silero voice activity detector, which tells speech from other sound.",
  role: "vad",
  inputs: { audio: { kinds: ["audio"], audio: { sampleRateHz: RATE_HZ, channels: 1, frameMs: [20, 10, 30] } } },
  outputs: { speech: { kinds: ["speech", "audio"], audio: "same" } },
  passes: "samples",
  delays: segmentDelays,
  effects: ["files"],
  config,
  async create({ threshold, model, ...endpointing }, ctx) {
    const detector = await ctx.outside(() =>
      SileroVad.open(model ?? bundledSilero(), { threshold, hangoverMs: HANGOVER_MS }),
    );
    const steps = new SileroSteps(detector, { ...endpointing, settleMs: 0 });
    return new Segmenter({ ...endpointing, engine: "silero" }, ctx, steps);
  },
});

/** The model's verdict on a frame is that on the last whole window of 32 ms in it. */
class SileroSteps implements FrameSteps {
  readonly facts = { backend: "sherpa-onnx" };
  readonly #detector: SileroVad;
  readonly #endpointing: Endpointing;

  constructor(detector: SileroVad, settings: EndpointingSettings) {
    this.#detector = detector;
    this.#endpointing = new Endpointing(settings, RATE_HZ);
  }

  get startSample(): number {
    return this.#endpointing.startSample;
  }

  next(pcm: Int16Array, startSample: number): Step {
    const step = this.#endpointing.next(this.#detector.isSpeech(pcm), startSample, pcm.length);
    if (step === "closed" || step === "full") this.#detector.endSegment();
    return step;
  }

  missing(startSample: number): boolean {
    return this.#endpointing.lapsed(startSample) && this.close();
  }

  close(): boolean {
    this.#detector.endSegment();
    return this.#endpointing.close();
  }

  free(): void {
    this.#detector.close();
  }
}
