import { sniffContainer, takeChannel, WavReader } from "../../audio/index.ts";
import { EngineError } from "../../errors/index.ts";
import {
  type AudioFormat,
  type Frame,
  type RecordingFrame,
  rescaleSamples,
  samplesToMs,
  type TextFrame,
} from "../../frames/index.ts";
import { isDecoded, openDecoder } from "../codec/decoder.ts";
import { joinPcm } from "../codec/join-pcm.ts";
import type { GatewayHost, GatewayKey, GatewayStart } from "./host.ts";

/** A recording that a client hands over, by its bytes or its address. */
export interface RecordingRequest {
  readonly key: GatewayKey;
  readonly source: { readonly bytes: Uint8Array } | { readonly url: string };
  /** Those to be heard, from 0; a recording that has fewer is refused. Undefined: the first. `all`: each that it has. */
  readonly channels?: readonly number[] | "all";
  /** What the client says of it, told to a workflow that takes recordings. */
  readonly described?: Pick<RecordingFrame, "channels" | "container">;
  /** In place of what reads WAV, MP3, FLAC, Opus and Vorbis in Ogg. @param name the path of its address; empty where it has none. */
  readonly decode?: (bytes: Uint8Array, name: string) => Promise<DecodedRecording>;
  /** The longest that is taken; known of what is decoded here. */
  readonly mostMs?: number;
  readonly params?: Readonly<Record<string, unknown>>;
  readonly labels?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

/** Samples of a recording, channels interleaved, each sample of all of them. */
export interface DecodedRecording {
  readonly format: AudioFormat;
  readonly pcm: Int16Array;
}

/** What was found in it. */
export interface RecordingHeard {
  readonly format: AudioFormat;
  readonly durationMs: number;
  /** Finals by channel. */
  readonly channels: readonly { readonly channel: number; readonly texts: readonly TextFrame[] }[];
}

/** 12 hours of the widest WAV would be larger; what is fetched is held in memory. */
const MOST_BYTES = 700_000_000;
const FETCH_MS = 60_000;
const FRAME_MS = 100;

/**
 * Runs the mapped workflow over a recording. One that takes recordings gets it as it is; one that takes audio gets it decoded, each channel
 * in a run of its own.
 * @throws EngineError VENDOR_UNREACHABLE when an address gives nothing, AUDIO_TOO_LONG, AUDIO_… for what cannot be read, what the workflow
 *   failed with.
 */
export async function recogniseRecording(request: RecordingRequest, host: GatewayHost): Promise<RecordingHeard> {
  const { source, channels: wanted = [0], described, decode = decoded, mostMs } = request;
  if (host.workflow.inputs.some(({ kind }) => kind === "recording")) {
    const texts = await runOver([{ kind: "recording", source, ...described }], { kind: "recording" }, request, host);
    const durationMs = Math.max(0, ...texts.map(({ endSample, sampleRateHz }) => samplesToMs(endSample, sampleRateHz)));
    return { format: { sampleRateHz: 16_000, channels: 1 }, durationMs, channels: [{ channel: 0, texts }] };
  }
  const bytes = "bytes" in source ? source.bytes : await download(source.url, request.signal, host);
  const { format, pcm } = await decode(bytes, "url" in source ? new URL(source.url).pathname : "");
  const durationMs = samplesToMs(pcm.length / format.channels, format.sampleRateHz);
  if (mostMs !== undefined && durationMs > mostMs)
    throw new EngineError("AUDIO_TOO_LONG", `a recording of ${Math.round(durationMs)} ms; at most ${mostMs} are taken`);
  const channels: { channel: number; texts: readonly TextFrame[] }[] = [];
  const each = wanted === "all" ? Array.from({ length: format.channels }, (_, channel) => channel) : wanted;
  for (const channel of each) {
    if (channel >= format.channels)
      throw new EngineError("AUDIO_FORMAT_UNSUPPORTED", `channel ${channel} of a recording with ${format.channels}`);
    const mono = takeChannel(pcm, format.channels, channel);
    channels.push({ channel, texts: await runOverSamples(mono, format, request, host) });
  }
  return { format, durationMs, channels };
}

function runOverSamples(
  pcm: Int16Array,
  { sampleRateHz }: AudioFormat,
  request: RecordingRequest,
  host: GatewayHost,
): Promise<TextFrame[]> {
  const hop = rescaleSamples(FRAME_MS, 1000, sampleRateHz);
  const frames = Array.from({ length: Math.ceil(pcm.length / hop) }, (_, i) => ({
    kind: "audio" as const,
    pcm: pcm.subarray(i * hop, (i + 1) * hop),
    sampleRateHz,
    channels: 1,
    startSample: i * hop,
  }));
  return runOver(frames, { kind: "audio", format: { sampleRateHz, channels: 1 } }, request, host);
}

async function runOver(
  frames: readonly Frame[],
  input: GatewayStart["input"],
  { key, params, labels, signal }: RecordingRequest,
  host: GatewayHost,
): Promise<TextFrame[]> {
  const texts: TextFrame[] = [];
  const onOutput = (frame: Frame) => {
    if (frame.kind === "text" && frame.role === "transcript" && frame.final && frame.text !== "") texts.push(frame);
  };
  const given = { ...(params && { params }), ...(labels && { labels }), ...(signal && { signal }) };
  const run = await host.start({ key, input, onOutput, ...given });
  for (const frame of frames) await run.push(frame);
  run.end();
  const { state, error } = await run.done;
  if (state !== "done") throw error ?? new EngineError("RUN_CANCELLED", "the run of a recording was cancelled");
  return texts;
}

/** WAV, MP3, FLAC, Opus and Vorbis in Ogg. */
async function decoded(bytes: Uint8Array): Promise<DecodedRecording> {
  if (bytes.length === 0) throw new EngineError("AUDIO_EMPTY", "a recording without bytes");
  const container = sniffContainer(bytes.subarray(0, 4096));
  if (!isDecoded(container)) return readWav(bytes);
  const decoder = await openDecoder(container);
  try {
    const pcm = joinPcm([await decoder.push(bytes), await decoder.end()]);
    if (!decoder.format) throw new EngineError("AUDIO_EMPTY", "a recording without a sample");
    return { format: decoder.format, pcm };
  } finally {
    decoder.close();
  }
}

function readWav(bytes: Uint8Array): DecodedRecording {
  const reader = new WavReader();
  const pcm = reader.push(bytes);
  reader.end();
  if (!reader.info || pcm.length === 0) throw new EngineError("AUDIO_EMPTY", "a recording without a sample");
  const { sampleRateHz, channels } = reader.info;
  return { format: { sampleRateHz, channels }, pcm };
}

async function download(url: string, signal: AbortSignal | undefined, host: GatewayHost): Promise<Uint8Array> {
  const response = await host.network.fetch({ url, timeoutMs: FETCH_MS, ...(signal && { signal }) });
  if (response.status !== 200)
    throw new EngineError("VENDOR_UNREACHABLE", `a recording's address answered with HTTP ${response.status}`);
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of response.chunks()) {
    size += part.length;
    if (size > MOST_BYTES) throw new EngineError("AUDIO_TOO_LONG", `a recording of more than ${MOST_BYTES} bytes`);
    parts.push(part);
  }
  return Buffer.concat(parts);
}
