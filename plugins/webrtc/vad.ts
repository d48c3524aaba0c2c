import { z } from "zod";
import {
  type AudioFrame,
  type Control,
  defineNode,
  type Emit,
  type Frame,
  type InlineNode,
  type NodeContext,
} from "#engine/plugin";
import { WebRtcVad } from "#native/webrtc-vad";
import { Endpointing, type EndpointingSettings } from "./endpointing.ts";
import { FrameRing } from "./frame-ring.ts";

const config = z.strictObject({
  aggressiveness: z
    .literal([0, 1, 2, 3])
    .default(3)
    .describe("How readily sound is taken for noise: 0 lets most through as speech, 3 least."),
  preRollMs: z
    .number()
    .int()
    .min(0)
    .max(1000)
    .default(300)
    .describe("Audio from before the first voiced frame that an utterance begins with."),
  minSpeechMs: z
    .number()
    .int()
    .min(10)
    .max(1000)
    .default(60)
    .describe(
      "Voiced audio that opens an utterance; none of it is lost, for the pre-roll is counted from its beginning.",
    ),
  endpointMs: z
    .number()
    .int()
    .min(100)
    .max(5000)
    .default(500)
    .describe("Silence that ends an utterance, counted after the detector's own hangover of 80 to 180 ms."),
  maxSegmentMs: z
    .number()
    .int()
    .min(1000)
    .max(60_000)
    .default(15_000)
    .describe("No utterance is longer: closes one that noise would keep open for ever."),
});

type Settings = z.output<typeof config>;

/**
 * Noise that is there from the start is taken for speech until the detector has learnt it. Speech in that time is not lost: the
 * pre-roll brings it once the speaker goes on.
 */
const SETTLE_MS = 200;

/** Cuts a mono stream into utterances: an opening mark, the pre-roll, the speech, a closing mark. */
export const vad = defineNode({
  type: "webrtc.vad",
  summary: "Cuts audio into utterances with the WebRTC voice activity detector.",
  role: "vad",
  inputs: {
    audio: { kinds: ["audio"], audio: { sampleRateHz: [16000, 8000, 32000], channels: 1, frameMs: [20, 10, 30] } },
  },
  outputs: { speech: { kinds: ["speech", "audio"], audio: "same" } },
  passes: "samples",
  config,
  create: (settings, ctx) => new Segmenter(settings, ctx),
});

/** Cheap enough as it is: about 0.3 µs a frame beside the detector's 1.6. */
class Segmenter implements InlineNode {
  readonly #ctx: NodeContext;
  readonly #detector: WebRtcVad;
  readonly #endpointing: Endpointing;
  readonly #preRoll: FrameRing;
  readonly #sampleRateHz: number;
  #voiced = false;
  #utterance = "";
  /** The position after the last frame that was emitted. */
  #emittedEnd = 0;

  constructor(settings: Settings, ctx: NodeContext) {
    const timing: EndpointingSettings = { ...settings, settleMs: SETTLE_MS };
    this.#ctx = ctx;
    this.#sampleRateHz = ctx.format.sampleRateHz;
    this.#endpointing = new Endpointing(timing, this.#sampleRateHz);
    this.#preRoll = new FrameRing(this.#endpointing.lookback);
    this.#detector = WebRtcVad.open(this.#sampleRateHz, settings.aggressiveness);
    ctx.report({ type: "engine", engine: "webrtc-vad", backend: this.#detector.backend });
  }

  onFrame(frame: Frame, emit: Emit): void {
    if (frame.kind !== "audio") return;
    if (this.#endpointing.lapsed(frame.startSample)) this.#close(emit);
    const step = this.#endpointing.next(this.#judge(frame.pcm), frame.startSample, frame.pcm.length);
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
    this.#close(emit);
    if (control.kind === "end") this.#ctx.gate(this.#preRoll.dropBefore(Number.POSITIVE_INFINITY));
  }

  held(): number {
    return this.#preRoll.samples;
  }

  close(): void {
    this.#detector.close();
  }

  /** A stream's last frame may be too short for the detector; it is taken for what the one before it was. */
  #judge(pcm: Int16Array): boolean {
    const per10Ms = this.#sampleRateHz / 100;
    if (pcm.length % per10Ms !== 0 && pcm.length < 3 * per10Ms) return this.#voiced;
    if (pcm.length > 0) this.#voiced = this.#detector.isSpeech(pcm);
    return this.#voiced;
  }

  #hold(frame: AudioFrame): void {
    const lost = this.#preRoll.push(frame);
    if (lost > 0) this.#ctx.gate(lost);
  }

  #open(emit: Emit): void {
    const lost = this.#preRoll.dropBefore(this.#endpointing.startSample);
    if (lost > 0) this.#ctx.gate(lost);
    this.#utterance = this.#ctx.newUtterance();
    this.#ctx.count("utterances");
    const frames = this.#preRoll.takeAll();
    this.#mark("start", frames[0]!.startSample, emit);
    for (const frame of frames) this.#pass(frame, emit);
  }

  #close(emit: Emit): void {
    if (this.#endpointing.close()) this.#mark("end", this.#emittedEnd, emit);
  }

  #mark(mark: "start" | "end", atSample: number, emit: Emit): void {
    emit({ kind: "speech", mark, utterance: this.#utterance, atSample, sampleRateHz: this.#sampleRateHz });
  }

  /** The frame with the id of its utterance; the samples are shared. */
  #pass(frame: AudioFrame, emit: Emit): void {
    this.#emittedEnd = frame.startSample + frame.pcm.length;
    if (frame.utterance === this.#utterance) emit(frame);
    else emit({ ...frame, utterance: this.#utterance });
  }
}
