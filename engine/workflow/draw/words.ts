import type { AudioFormat } from "#engine/plugin";
import type { PlannedEdge, PlannedNode } from "../plan.ts";

/** `16 kHz mono`, `22.05 kHz stereo`. */
export function formatWords(format: AudioFormat | undefined): string {
  if (!format) return "format known at the start";
  const channels = format.channels === 1 ? "mono" : format.channels === 2 ? "stereo" : `${format.channels} channels`;
  return `${format.sampleRateHz / 1000} kHz ${channels}`;
}

/** What happens between two nodes: `in the same call`, or the length of the queue and what it does when it is full. */
export function queueWords({ direct, kinds, buffer }: PlannedEdge): string {
  if (direct) return "in the same call";
  const audio = kinds.includes("audio") ? [buffer.ms % 1000 === 0 ? `${buffer.ms / 1000} s` : `${buffer.ms} ms`] : [];
  const others = kinds.some((kind) => kind !== "audio")
    ? [buffer.frames === 1 ? "1 frame" : `${buffer.frames} frames`]
    : [];
  return `${[...audio, ...others].join(", ")}, ${WHEN_FULL[buffer.whenFull]}`;
}

const WHEN_FULL = {
  block: "then waits",
  dropOldest: "drops the oldest",
  dropNewest: "drops the newest",
  coalesce: "keeps the latest revision",
  latest: "keeps the newest",
} as const;

/** What is special about a node, a few words each. */
export function policyWords({ candidates, attempts, onFailure }: PlannedNode): string[] {
  return [
    ...(candidates ? [`then ${candidates.slice(1).join(", then ")}`] : []),
    ...(attempts === undefined ? [] : [`${attempts} attempts`]),
    ...(onFailure === "continue" ? ["may fail"] : []),
  ];
}
