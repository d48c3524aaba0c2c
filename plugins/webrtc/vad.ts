import { z } from "zod";
import { defineNode, type NodeContext, Segmenter, segmentDelays, segmentSettings } from "#engine/plugin";
import { type Batched, judgeTogether, sessionPool } from "./batch.ts";
import { type DetectorSettings, DetectorSteps, SessionSteps } from "./frame-steps.ts";

const config = z.strictObject({
  aggressiveness: z
    .literal([0, 1, 2, 3])
    .default(3)
    .describe("How readily sound is taken for noise: 0 lets most through as speech, 3 least."),
  ...segmentSettings("80 to 180 ms"),
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
  delays: segmentDelays,
  config,
  standsIn: { role: "vad", settings: () => ({}) },
  create: (settings, ctx) => WebRtcSegmenter.open(settings, ctx),
  batch: judgeTogether,
});

/** Frames of many streams are judged in one call where there are sessions. */
class WebRtcSegmenter extends Segmenter implements Batched {
  broken = false;

  private constructor(
    settings: Settings,
    ctx: NodeContext,
    readonly session: SessionSteps | undefined,
    detecting: DetectorSettings,
  ) {
    super({ ...settings, engine: "webrtc-vad" }, ctx, session ?? new DetectorSteps(detecting));
  }

  static open(settings: Settings, ctx: NodeContext): WebRtcSegmenter {
    const { sampleRateHz } = ctx.format;
    const detecting: DetectorSettings = { ...settings, sampleRateHz, settleMs: SETTLE_MS };
    const pool = sessionPool();
    return new WebRtcSegmenter(settings, ctx, pool && new SessionSteps(pool, detecting), detecting);
  }
}
