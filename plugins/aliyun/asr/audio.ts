import {
  EngineError,
  type Frame,
  loadOpus,
  msToSamples,
  type NodeContext,
  OggOpusWriter,
  OPUS_PACKET_MS,
  type OpusCodec,
  type OpusEncoder,
  s16leBytes,
} from "#engine/plugin";

/** Turns frames of one session into messages. */
export interface AudioWriter {
  /** @throws EngineError CODEC_UNSUPPORTED for packets that the session was not asked to carry. */
  write(frame: Frame): Uint8Array | undefined;
  close(): void;
}

/** Samples as they are. */
export const pcmWriter = (): AudioWriter => ({
  write(frame) {
    if (frame.kind === "audio") return s16leBytes(frame.pcm);
    if (frame.kind === "encoded") throw wrongCodec(frame.codec, "pcm");
    return undefined;
  },
  close() {},
});

/** `opus` is an Ogg stream; `opu` has packets behind each other, a byte with its length before each. */
type OpusFormat = "opus" | "opu";

export interface OpusWriterOptions {
  readonly codec: OpusCodec;
  readonly sampleRateHz: number;
  readonly ctx: NodeContext;
  /** Default `opus`. */
  readonly format?: OpusFormat;
}

/** What one byte can say. */
const LONGEST_OPU_BYTES = 255;

/**
 * Opus as the vendor's own library for C++ sends it, a message for each packet. Packets pass undecoded; audio is coded in packets of 20 ms, the
 * last filled up with silence.
 */
export class OpusWriter implements AudioWriter {
  #encoder: OpusEncoder | undefined;
  #ogg: OggOpusWriter | undefined;

  constructor(readonly options: OpusWriterOptions) {}

  write(frame: Frame): Uint8Array | undefined {
    const { sampleRateHz } = this.options;
    if (frame.kind === "encoded") {
      if (frame.codec !== "opus") throw wrongCodec(frame.codec, "opus");
      return this.#message(frame.packet, (frame.sampleCount * 48_000) / frame.sampleRateHz, 0);
    }
    if (frame.kind !== "audio") return undefined;
    this.#encoder ??= this.#startEncoding();
    const pcm = this.#wholePacket(frame.pcm);
    const { lookaheadSamples } = this.#encoder;
    return this.#message(
      this.#encoder.encode(pcm),
      (pcm.length * 48_000) / sampleRateHz,
      (lookaheadSamples * 48_000) / sampleRateHz,
    );
  }

  close(): void {
    this.#encoder?.close();
  }

  #startEncoding(): OpusEncoder {
    const { codec, sampleRateHz, ctx } = this.options;
    ctx.report({ type: "encoding", codec: "opus", sampleRateHz });
    return codec.encoder({ sampleRateHz, channels: 1 });
  }

  #wholePacket(pcm: Int16Array): Int16Array {
    const size = msToSamples(OPUS_PACKET_MS, this.options.sampleRateHz);
    if (pcm.length >= size) return pcm;
    this.options.ctx.count("paddedSamples", size - pcm.length);
    const whole = new Int16Array(size);
    whole.set(pcm);
    return whole;
  }

  #message(packet: Uint8Array, samples: number, preSkip: number): Uint8Array {
    return this.options.format === "opu" ? opuOf(packet) : this.#page(packet, samples, preSkip);
  }

  /** The two pages of the head stand before the first. */
  #page(packet: Uint8Array, samples: number, preSkip: number): Uint8Array {
    if (this.#ogg) return this.#ogg.packet(packet, samples);
    const { sampleRateHz } = this.options;
    this.#ogg = new OggOpusWriter({ channels: 1, sampleRateHz, preSkip, serial: 1 });
    return Buffer.concat([this.#ogg.head(), this.#ogg.packet(packet, samples)]);
  }
}

function opuOf(packet: Uint8Array): Uint8Array {
  if (packet.length === 0 || packet.length > LONGEST_OPU_BYTES)
    throw new EngineError(
      "CODEC_UNSUPPORTED",
      `a packet of ${packet.length} bytes came; opu holds 1 to ${LONGEST_OPU_BYTES}, so set format: opus, or send fewer bits a second`,
    );
  const message = new Uint8Array(1 + packet.length);
  message[0] = packet.length;
  message.set(packet, 1);
  return message;
}

/** Makes the writer of each session; the codec is loaded before the first. */
export async function audioWriters(
  format: "pcm" | OpusFormat,
  sampleRateHz: number,
  ctx: NodeContext,
): Promise<() => AudioWriter> {
  if (format === "pcm") return pcmWriter;
  const codec = await ctx.outside(loadOpus);
  return () => new OpusWriter({ codec, sampleRateHz, ctx, format });
}

const wrongCodec = (found: string, wanted: string) =>
  new EngineError("CODEC_UNSUPPORTED", `packets of ${found} came, and format is ${wanted}`);
