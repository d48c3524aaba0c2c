import { type GatewayHost, type GatewayKey, recogniseRecording, samplesToMs, type TextFrame } from "#engine/plugin";
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

/**
 * Runs the mapped workflow over a recording. One that takes recordings gets it as it is; one that takes audio gets it decoded, each channel
 * in a run of its own.
 * @throws EngineError VENDOR_UNREACHABLE when the address gives nothing, AUDIO_… for what cannot be read, what the workflow failed with.
 */
export async function recognise(request: RecordingRequest, host: GatewayHost): Promise<Recognised> {
  const { key, source, container: said, channels, engine, mostMs, labels, signal } = request;
  const language = languageOf(engine);
  const format = { sampleRateHz: rateOf(engine), channels: channels === "first" ? 1 : channels };
  const { durationMs, channels: heard } = await recogniseRecording(
    {
      key,
      source,
      channels: channels === "first" ? [0] : "all",
      described: { ...(channels !== "first" && { channels }), ...(said !== undefined && { container: said }) },
      params: { engine, ...(language !== undefined && { language }) },
      labels,
      mostMs,
      signal,
      decode(bytes, name) {
        const head = bytes.subarray(0, 16);
        const container = containerOf(undefined, "", head) ?? said ?? containerOf(undefined, name, head);
        return decode({ bytes, container, format, firstOnly: channels === "first" });
      },
    },
    host,
  );
  const sentences = heard.flatMap(({ channel, texts }) =>
    texts.map((text) => ({ ...heardOf(text), ...(heard.length > 1 && { channel }) })),
  );
  return { sentences: sentences.sort((a, b) => a.beginMs - b.beginMs), durationMs };
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
