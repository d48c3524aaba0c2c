import type { Frame } from "#engine/plugin";
import type { Plan } from "#engine/workflow";
import { anything, randomFrom, voice } from "#test/detector-signals";
import { type collector, planOf, sourceOf } from "#test/doubles";
import { vad } from "../../../plugins/webrtc/vad.ts";

export const RATE_HZ = 16000;
export const CHANGED = { endpointMs: 200, minSpeechMs: 40, maxSegmentMs: 2000 } as const;
export const config = vad.config.parse(CHANGED);

/** Streams of speech and noise with holes in them; the last frames are short. */
export function streamOf(seed: number): Frame[] {
  const random = randomFrom(seed);
  const samples = RATE_HZ * 8 + 123;
  const pcm = seed % 2 === 0 ? voice(samples, RATE_HZ, seed, 500) : anything(samples, RATE_HZ, seed);
  const frames: Frame[] = [];
  let at = seed * 320;
  for (let i = 0; i < samples; i += 320) {
    if (random() < 0.005) at += 320 * Math.floor(random() * 30);
    frames.push({ kind: "audio", pcm: pcm.subarray(i, i + 320), sampleRateHz: RATE_HZ, channels: 1, startSample: at });
    at += 320;
  }
  return frames;
}

/** Frames, the detector, and what collects its speech. */
export function planThrough(frames: readonly Frame[], sink: ReturnType<typeof collector>): Plan {
  const plan = planOf({ source: sourceOf(frames), vad, sink: sink.definition }, [
    ["source", "vad", { port: "audio" }],
    ["vad", "sink"],
  ]);
  const nodes = plan.nodes.map((node) =>
    node.id === "vad" ? { ...node, config, formats: { audio: { sampleRateHz: RATE_HZ, channels: 1 } } } : node,
  );
  const edges = plan.edges.map((edge) =>
    edge.from.node === "vad" ? { ...edge, from: { ...edge.from, port: "speech" } } : edge,
  );
  return { ...plan, nodes, edges };
}
