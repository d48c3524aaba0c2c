import {
  type AudioFormat,
  type AudioFrame,
  type Emit,
  type EncodedFrame,
  EngineError,
  msToSamples,
  type NodeContext,
  OPUS_PACKET_MS,
  type OpusCodec,
  type OpusDecoder,
  type OpusEncoder,
  sampleCount,
} from "#engine/plugin";
import type { Arithmetic } from "./arithmetic.ts";

/** What packets may be made of; all of them are also taken. */
export const PACKET_CODECS = ["alaw", "mulaw", "opus"] as const;
export type PacketCodec = (typeof PACKET_CODECS)[number];

/** What codes packets, each asked for once it is needed. */
export interface Coders {
  readonly arithmetic: () => Arithmetic;
  /** @throws EngineError ENGINE_MISSING, AUDIO_FORMAT_UNSUPPORTED where nobody said that such packets would come. */
  readonly opus: () => OpusCodec;
}

/** Makes audio of packets. Owns a decoder's memory: `close()` it. */
export class PacketReader {
  #opus: { readonly format: AudioFormat; readonly decoder: OpusDecoder } | undefined;

  constructor(private readonly coders: Coders) {}

  /**
   * A packet's audio, at its place. What an Opus packet holds beyond the samples that it stands for is left out.
   * @throws EngineError AUDIO_FORMAT_UNSUPPORTED for another codec, or a rate that Opus has not; AUDIO_NOT_RECOGNISED for what is no packet.
   */
  read(frame: EncodedFrame): AudioFrame {
    const { startSample, sampleRateHz, channels, utterance } = frame;
    const pcm = this.#samples(frame);
    return { kind: "audio", pcm, sampleRateHz, channels, startSample, ...(utterance !== undefined && { utterance }) };
  }

  close(): void {
    this.#opus?.decoder.close();
    this.#opus = undefined;
  }

  #samples(frame: EncodedFrame): Int16Array {
    const { codec, packet } = frame;
    if (codec === "opus")
      return this.#decoder(frame)
        .decode(packet)
        .subarray(0, frame.sampleCount * frame.channels);
    if (codec === "alaw" || codec === "mulaw") return this.coders.arithmetic().decode(codec, packet);
    throw new EngineError(
      "AUDIO_FORMAT_UNSUPPORTED",
      `core.convert input: codec ${codec}; wanted ${PACKET_CODECS.join(", ")} or plain audio`,
    );
  }

  #decoder({ sampleRateHz, channels }: AudioFormat): OpusDecoder {
    const known = this.#opus;
    if (known && known.format.sampleRateHz === sampleRateHz && known.format.channels === channels) return known.decoder;
    known?.decoder.close();
    const format = { sampleRateHz, channels };
    this.#opus = { format, decoder: this.coders.opus().decoder(format) };
    return this.#opus.decoder;
  }
}

export interface PacketSettings {
  readonly codec: PacketCodec;
  /** Of Opus packets. */
  readonly frameMs?: number | undefined;
  readonly bitrate?: number | undefined;
}

/** Makes packets of audio. Owns an encoder's memory: `close()` it. */
export class PacketWriter {
  #opus: OpusEncoder | undefined;

  constructor(
    private readonly settings: PacketSettings,
    private readonly coders: Coders,
    private readonly ctx: Pick<NodeContext, "count" | "report">,
  ) {}

  /** An `emit` that codes audio on its way out and lets everything else pass. */
  into(emit: Emit): Emit {
    return (frame) => emit(frame.kind === "audio" ? this.#coded(frame) : frame);
  }

  close(): void {
    this.#opus?.close();
    this.#opus = undefined;
  }

  #coded(frame: AudioFrame): EncodedFrame {
    const { startSample, sampleRateHz, channels, utterance } = frame;
    const { codec } = this.settings;
    return {
      kind: "encoded",
      codec,
      packet: codec === "opus" ? this.#opusPacket(frame) : this.coders.arithmetic().encode(codec, frame.pcm),
      startSample,
      sampleCount: sampleCount(frame),
      sampleRateHz,
      channels,
      ...(utterance !== undefined && { utterance }),
    };
  }

  /** Packets have one length: the last of a stretch is filled up with silence. */
  #opusPacket(frame: AudioFrame): Uint8Array {
    const { sampleRateHz, channels, pcm } = frame;
    const wanted = msToSamples(this.settings.frameMs ?? OPUS_PACKET_MS, sampleRateHz) * channels;
    this.#opus ??= this.#encoder({ sampleRateHz, channels });
    if (pcm.length === wanted) return this.#opus.encode(pcm);
    const whole = new Int16Array(wanted);
    whole.set(pcm);
    this.ctx.count("paddedSamples", (wanted - pcm.length) / channels);
    return this.#opus.encode(whole);
  }

  #encoder(format: AudioFormat): OpusEncoder {
    const { bitrate } = this.settings;
    this.ctx.report({ type: "encoding", codec: "opus", sampleRateHz: format.sampleRateHz });
    return this.coders.opus().encoder(format, bitrate === undefined ? {} : { bitrate });
  }
}
