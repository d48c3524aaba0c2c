import {
  EngineError,
  type Frame,
  type GatewayHost,
  type GatewayKey,
  samplesToMs,
  type TextFrame,
} from "#engine/plugin";
import { languageOf, rateOf } from "../engines.ts";
import { containerOf, type HeardOnChannel } from "../wire/recording.ts";
import { decode } from "./decode.ts";

/** A recording that a client hands over. */
export interface RecordingRequest {
  readonly key: GatewayKey;
  readonly source: { readonly url: string } | { readonly bytes: Uint8Array };
  /** As the client names it. */
  readonly container?: string;
  readonly engine: string;
  /** `first`: however many there are, only the first counts. */
  readonly channels: number | "first";
  /** The longest that is taken. */
  readonly mostMs: number;
  readonly labels: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

export interface Recognised {
  readonly sentences: readonly HeardOnChannel[];
  readonly durationMs: number;
}

/** What is fetched by an address; an hour of the widest WAV is smaller. */
const MOST_BYTES = 700_000_000;
const FETCH_MS = 60_000;
const FRAME_MS = 100;

/**
 * Runs the mapped workflow over a recording. One that takes recordings gets it as it is; one that takes audio gets it decoded, each channel
 * in a run of its own.
 * @throws EngineError VENDOR_UNREACHABLE when the address gives nothing, AUDIO_… for what cannot be read, what the workflow failed with.
 */
export async function recognise(request: RecordingRequest, host: GatewayHost): Promise<Recognised> {
  if (host.workflow.inputs.some(({ kind }) => kind === "recording")) return recogniseWhole(request, host);
  const { source, channels, engine, mostMs } = request;
  const bytes = "url" in source ? await download(source.url, host, request.signal) : source.bytes;
  const name = "url" in source ? new URL(source.url).pathname : "";
  const head = bytes.subarray(0, 16);
  const container = containerOf(undefined, "", head) ?? request.container ?? containerOf(undefined, name, head);
  const format = { sampleRateHz: rateOf(engine), channels: channels === "first" ? 1 : channels };
  const decoded = await decode({ bytes, container, format, firstOnly: channels === "first" });
  const durationMs = samplesToMs(decoded.channels[0]?.length ?? 0, decoded.sampleRateHz);
  if (durationMs > mostMs)
    throw new EngineError("AUDIO_TOO_LONG", `a recording of ${Math.round(durationMs)} ms, wanted ${mostMs} at most`);
  const heard: HeardOnChannel[] = [];
  for (const [channel, pcm] of decoded.channels.entries()) {
    const texts = await recogniseChannel(pcm, decoded.sampleRateHz, request, host);
    heard.push(...texts.map((text) => ({ ...text, ...(decoded.channels.length > 1 && { channel }) })));
  }
  return { sentences: heard.sort((a, b) => a.beginMs - b.beginMs), durationMs };
}

async function recogniseWhole(request: RecordingRequest, host: GatewayHost): Promise<Recognised> {
  const { source, container, channels } = request;
  const sentences: HeardOnChannel[] = [];
  const frame = {
    kind: "recording",
    source,
    ...(channels !== "first" && { channels }),
    ...(container !== undefined && { container }),
  } as const;
  await runOver([frame], { kind: "recording" }, request, host, sentences);
  return { sentences, durationMs: Math.max(0, ...sentences.map(({ endMs }) => endMs)) };
}

async function recogniseChannel(
  pcm: Int16Array,
  sampleRateHz: number,
  request: RecordingRequest,
  host: GatewayHost,
): Promise<HeardOnChannel[]> {
  const sentences: HeardOnChannel[] = [];
  const hop = (sampleRateHz * FRAME_MS) / 1000;
  const frames = Array.from({ length: Math.ceil(pcm.length / hop) }, (_, i) => ({
    kind: "audio" as const,
    pcm: pcm.subarray(Math.round(i * hop), Math.round((i + 1) * hop)),
    sampleRateHz,
    channels: 1,
    startSample: Math.round(i * hop),
  }));
  await runOver(frames, { kind: "audio", format: { sampleRateHz, channels: 1 } }, request, host, sentences);
  return sentences;
}

async function runOver(
  frames: readonly Frame[],
  input: Parameters<GatewayHost["start"]>[0]["input"],
  { key, engine, labels, signal }: RecordingRequest,
  host: GatewayHost,
  sentences: HeardOnChannel[],
): Promise<void> {
  const language = languageOf(engine);
  const onOutput = (frame: Frame) => {
    if (frame.kind === "text" && frame.role === "transcript" && frame.final) sentences.push(heardOf(frame));
  };
  const params = { engine, ...(language !== undefined && { language }) };
  const run = await host.start({ key, input, params, labels, signal, onOutput });
  for (const frame of frames) await run.push(frame);
  run.end();
  const { state, error } = await run.done;
  if (state !== "done") throw error ?? new EngineError("RUN_CANCELLED", "the run of a recording was cancelled");
}

function heardOf(frame: TextFrame): HeardOnChannel {
  const ms = (sample: number) => Math.round(samplesToMs(sample, frame.sampleRateHz));
  const { utterance, text, speaker, channel, words = [] } = frame;
  return {
    key: utterance,
    text,
    final: true,
    beginMs: ms(frame.startSample),
    endMs: ms(frame.endSample),
    ...(speaker !== undefined && { speaker }),
    ...(channel !== undefined && { channel }),
    ...(words.length > 0 && {
      words: words.map((word) => ({ text: word.text, beginMs: ms(word.startSample), endMs: ms(word.endSample) })),
    }),
  };
}

async function download(url: string, host: GatewayHost, signal: AbortSignal): Promise<Uint8Array> {
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
