import { type Control, defineNode, type Emit, type Frame, type InlineNode, type NodeContext, z } from "#engine/plugin";
import { WebRtcVad } from "#native/webrtc-vad";
import { type VadSettings, vadFields } from "./vad/config.ts";
import { labelsOf } from "./vad/labels.ts";
import { Segmenter } from "./vad/segmenter.ts";

/** The least eager mode: the vendor's own labels are not given for noise. */
const AGGRESSIVENESS = 3;

/** The vendor's detector for audio from anywhere. */
export const vad = defineNode({
  type: "agora.vad",
  summary: "Cuts audio into utterances by the rules of Agora's VAD V2.",
  role: "vad",
  inputs: { audio: { kinds: ["audio"], audio: { sampleRateHz: [16000, 8000, 32000], channels: 1, frameMs: 10 } } },
  outputs: { speech: { kinds: ["speech", "audio"], audio: "same" } },
  passes: "samples",
  effects: ["files"],
  config: z.strictObject(vadFields),
  create: (settings, ctx) => new LabellingVad(settings, ctx),
});

/** Makes the labels itself: they come with the vendor's own streams only. */
class LabellingVad implements InlineNode {
  readonly #segmenter: Segmenter;
  readonly #detector: WebRtcVad;

  constructor(
    private readonly settings: VadSettings,
    ctx: NodeContext,
  ) {
    this.#segmenter = new Segmenter(settings, ctx);
    this.#detector = WebRtcVad.open(ctx.format.sampleRateHz, AGGRESSIVENESS);
    ctx.report({ type: "engine", engine: "agora-vad-v2", generation: settings.generation });
  }

  onFrame(frame: Frame, emit: Emit): void {
    if (frame.kind !== "audio") return;
    const isWhole = frame.pcm.length === this.#detector.sampleRateHz / 100; // the last one may be shorter
    const voiced = isWhole && this.#detector.isSpeech(frame.pcm);
    const labels = labelsOf(frame.pcm, voiced, this.settings.generation);
    this.#segmenter.next(frame, labels, emit);
  }

  onControl(control: Control, emit: Emit): void {
    if (control.kind === "flush" || control.kind === "end") this.#segmenter.close(emit);
  }

  held(): number {
    return this.#segmenter.held;
  }

  close(): void {
    this.#segmenter.free();
    this.#detector.close();
  }
}
