import {
  type AudioFormat,
  EngineError,
  type Frame,
  type GatewayHost,
  type GatewayKey,
  isDecoded,
  joinPcm,
  openDecoder,
  rescaleSamples,
  samplesToMs,
  sniffContainer,
  type TextFrame,
  takeChannel,
  WavReader,
} from "#engine/plugin";
import type { Payload } from "../wire.ts";

/** A recording that a client hands over. */
export interface RecordingRequest {
  readonly key: GatewayKey;
  readonly url: string;
  readonly channels: readonly number[];
  /** Those that the workflow declares. */
  readonly params: Payload;
  readonly labels: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

/** What was found in it; texts by channel. */
export interface Recognised {
  readonly format: AudioFormat;
  readonly durationMs: number;
  readonly channels: readonly { readonly channel: number; readonly texts: readonly TextFrame[] }[];
}

interface Samples {
  readonly format: AudioFormat;
  readonly pcm: Int16Array;
}

/** 12 hours of the widest WAV would be larger; what is fetched is held in memory. */
const MOST_BYTES = 700_000_000;
const FETCH_MS = 60_000;
const FRAME_MS = 100;

/**
 * Runs the mapped workflow over a recording. One that takes recordings gets its address; one that takes audio gets it decoded, each channel
 * in a run of its own.
 * @throws EngineError VENDOR_UNREACHABLE when the address gives nothing, AUDIO_… for what cannot be read, what the workflow failed with.
 */
export async function recognise(request: RecordingRequest, host: GatewayHost): Promise<Recognised> {
  if (host.workflow.inputs.some(({ kind }) => kind === "recording")) {
    const frame = { kind: "recording", source: { url: request.url } } as const;
    const texts = await runOver([frame], { kind: "recording" }, request, host);
    const durationMs = Math.max(0, ...texts.map(({ endSample, sampleRateHz }) => samplesToMs(endSample, sampleRateHz)));
    return { format: { sampleRateHz: 16_000, channels: 1 }, durationMs, channels: [{ channel: 0, texts }] };
  }
  const { format, pcm } = await decoded(await download(request, host));
  const durationMs = samplesToMs(pcm.length / format.channels, format.sampleRateHz);
  const channels: { channel: number; texts: readonly TextFrame[] }[] = [];
  for (const channel of request.channels) {
    if (channel >= format.channels)
      throw new EngineError("AUDIO_FORMAT_UNSUPPORTED", `channel ${channel} of a recording with ${format.channels}`);
    const texts = await recogniseChannel(takeChannel(pcm, format.channels, channel), format, request, host);
    channels.push({ channel, texts });
  }
  return { format, durationMs, channels };
}

async function recogniseChannel(
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
  input: Parameters<GatewayHost["start"]>[0]["input"],
  { key, params, labels, signal }: RecordingRequest,
  host: GatewayHost,
): Promise<TextFrame[]> {
  const texts: TextFrame[] = [];
  const onOutput = (frame: Frame) => {
    if (frame.kind === "text" && frame.role === "transcript" && frame.final && frame.text !== "") texts.push(frame);
  };
  const run = await host.start({ key, input, params, labels, signal, onOutput });
  for (const frame of frames) await run.push(frame);
  run.end();
  const { state, error } = await run.done;
  if (state !== "done") throw error ?? new EngineError("RUN_CANCELLED", "the run of a recording was cancelled");
  return texts;
}

/** WAV, MP3, FLAC, Opus and Vorbis in Ogg. */
async function decoded(bytes: Uint8Array): Promise<Samples> {
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

function readWav(bytes: Uint8Array): Samples {
  const reader = new WavReader();
  const pcm = reader.push(bytes);
  reader.end();
  if (!reader.info || pcm.length === 0) throw new EngineError("AUDIO_EMPTY", "a recording without a sample");
  const { sampleRateHz, channels } = reader.info;
  return { format: { sampleRateHz, channels }, pcm };
}

async function download({ url, signal }: RecordingRequest, host: GatewayHost): Promise<Uint8Array> {
  const response = await host.network.fetch({ url, signal, timeoutMs: FETCH_MS });
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
