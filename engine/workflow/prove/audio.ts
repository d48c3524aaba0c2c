import { type AudioFormat, type AudioLimits, type Conversion, defaultPort, type InputPort } from "#engine/plugin";
import { type DraftNode, understood } from "../read/draft.ts";

/** What is known of a stream of audio before its first frame. */
export interface KnownAudio {
  readonly sampleRateHz?: number;
  readonly channels?: number;
  /** Promised for every frame but the last of a stream. */
  readonly frameMs?: number;
}

/** The conversion that an edge needs. */
export interface Needed {
  readonly wanted: Conversion;
  /** False where the format that comes is not known, so that it may fit as it is. */
  readonly certain: boolean;
  readonly result: KnownAudio;
}

const listOf = (limit: number | readonly number[] | undefined): readonly number[] | undefined =>
  limit === undefined ? undefined : typeof limit === "number" ? [limit] : limit;

/** What every one of several node types takes; undefined where they have nothing in common. */
export function commonLimits(ports: readonly InputPort[]): AudioLimits | undefined {
  const common: { sampleRateHz?: readonly number[]; channels?: readonly number[]; frameMs?: readonly number[] } = {};
  for (const { audio = {} } of ports)
    for (const key of ["sampleRateHz", "channels", "frameMs"] as const) {
      const list = listOf(audio[key]);
      if (list) common[key] = common[key]?.filter((value) => list.includes(value)) ?? list;
      if (common[key]?.length === 0) return undefined;
    }
  return common;
}

/**
 * What has to change between a producer and the limits of an input: as little as possible. A rate or channel count that is allowed stays;
 * else the first of the list is taken, which is the preferred one. Undefined where nothing has to.
 * @param channel the one channel to take.
 */
export function conversionNeeded(
  known: KnownAudio,
  limits: AudioLimits,
  channel: number | undefined,
): Needed | undefined {
  const wanted: { -readonly [K in keyof Conversion]: Conversion[K] } = {};
  const takes = channel !== undefined && !(channel === 0 && known.channels === 1);
  if (takes) wanted.channel = channel;
  const before: KnownAudio = takes ? { ...known, channels: 1 } : known;
  let certain = takes;
  for (const key of ["sampleRateHz", "channels"] as const) {
    const list = listOf(limits[key]);
    const value = before[key];
    if (!list || (value !== undefined && list.includes(value))) continue;
    wanted[key] = list[0]!;
    certain ||= value !== undefined;
  }
  const result = { ...before, ...pick(wanted) };
  const frames = listOf(limits.frameMs);
  const changed = Object.keys(wanted).length > 0;
  // a conversion cuts its frames anew, so a promised length has to be asked for again
  const length = frames
    ? frames.includes(known.frameMs ?? -1)
      ? known.frameMs
      : wholeFrameMs(frames, result)
    : undefined;
  if (length !== undefined && (changed || length !== known.frameMs)) {
    wanted.frameMs = length;
    // frames of a fitting length cannot be taken for granted, so this one is needed whatever comes
    certain ||= !changed && known.sampleRateHz !== undefined;
  }
  if (Object.keys(wanted).length === 0) return undefined;
  const { frameMs: _, ...format } = result;
  return { wanted, certain, result: { ...format, ...(length !== undefined && { frameMs: length }) } };
}

const pick = ({ sampleRateHz, channels }: Conversion): KnownAudio => ({
  ...(sampleRateHz !== undefined && { sampleRateHz }),
  ...(channels !== undefined && { channels }),
});

/** The first length that is a whole number of samples at the rate; the first of all where none is. */
const wholeFrameMs = (lengths: readonly number[], { sampleRateHz }: KnownAudio): number =>
  lengths.find((ms) => sampleRateHz === undefined || Number.isInteger((sampleRateHz * ms) / 1000)) ?? lengths[0]!;

/** Whether audio of that format comes in frames of that length without remainder. */
export const wholeSamples = ({ sampleRateHz, frameMs }: KnownAudio): boolean =>
  sampleRateHz === undefined || frameMs === undefined || Number.isInteger((sampleRateHz * frameMs) / 1000);

/** What an output gives, from what came into the node's default input. */
export function outputAudio(
  node: DraftNode,
  port: string,
  incoming: ReadonlyMap<string, KnownAudio>,
): KnownAudio | undefined {
  const output = node.outputs[port];
  if (!output?.kinds.includes("audio")) return undefined;
  if (output.audio === undefined) return port === defaultPort(node.outputs) ? node.probed : undefined;
  if (output.audio !== "same") return output.audio;
  const input = defaultPort(node.inputs);
  const same = input === undefined ? undefined : incoming.get(input);
  if (!same || !understood(node)) return undefined;
  if (node.candidates[0]!.definition.passes === "samples") return same;
  const { frameMs: _, ...format } = same; // a node that changes its audio may cut it anew
  return format;
}

/** A whole format, or nothing. */
export const wholeFormat = (known: KnownAudio | undefined): AudioFormat | undefined =>
  known?.sampleRateHz !== undefined && known.channels !== undefined
    ? { sampleRateHz: known.sampleRateHz, channels: known.channels }
    : undefined;

/** `48000 Hz stereo in frames of 20 ms`, as far as it is known. */
export function formatWords(known: KnownAudio | undefined): string {
  const words = [
    ...(known?.sampleRateHz === undefined ? [] : [`${known.sampleRateHz} Hz`]),
    ...(known?.channels === undefined ? [] : [channelWords(known.channels)]),
    ...(known?.frameMs === undefined ? [] : [`in frames of ${known.frameMs} ms`]),
  ];
  return words.join(" ") || "any format";
}

const channelWords = (channels: number): string =>
  channels === 1 ? "mono" : channels === 2 ? "stereo" : `${channels} channels`;
