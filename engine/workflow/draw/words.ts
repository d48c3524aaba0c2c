import type { AudioFormat } from "#engine/plugin";
import type { FrameTest } from "../frame-test.ts";
import type { Plan, PlannedBargeIn, PlannedEdge, PlannedNode } from "../plan.ts";

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

/** `language es, confidence from 0.6`, of all that a frame has to fit; empty where an edge takes everything. */
export const whereWords = ({ where = [] }: PlannedEdge): string => where.map(testWords).join(", ");

const testWords = (test: FrameTest): string =>
  Object.entries(test)
    .map(([field, wanted]) => `${field} ${wantedWords(wanted)}`)
    .join(", ");

function wantedWords(wanted: NonNullable<FrameTest[keyof FrameTest]>): string {
  if (typeof wanted !== "object") return String(wanted);
  if (!("min" in wanted || "max" in wanted)) return Object.values(wanted).join(" or ");
  const { min, max } = wanted;
  return [...(min === undefined ? [] : [`from ${min}`]), ...(max === undefined ? [] : [`to ${max}`])].join(" ");
}

/** `200 ms of speech`. */
export const bargeInWords = ({ minMs }: PlannedBargeIn): string => `after ${minMs} ms of speech`;

/** Who silences a node by speaking, a few words each: `silenced by vad after 200 ms of speech`. */
export const silencedWords = ({ id }: PlannedNode, { bargeIns = [] }: Plan): string[] =>
  bargeIns
    .filter(({ flush }) => flush.includes(id))
    .map((each) => `silenced by ${each.when.map(({ node }) => node).join(" or ")} ${bargeInWords(each)}`);

const GATES = {
  hold: "gets no silence",
  close: "closed in silence",
} as const;

/** What is special about a node, a few words each. */
export function policyWords({ candidates, attempts, onFailure, gate }: PlannedNode): string[] {
  return [
    ...(gate === undefined ? [] : [GATES[gate]]),
    ...(candidates ? [`then ${candidates.slice(1).join(", then ")}`] : []),
    ...(attempts === undefined ? [] : [`${attempts} attempts`]),
    ...(onFailure === "continue" ? ["may fail"] : []),
  ];
}
