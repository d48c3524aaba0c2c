import {
  EngineError,
  encodeS16le,
  type Frame,
  loadOpus,
  msToSamples,
  type NodeContext,
  OggOpusWriter,
  OPUS_PACKET_MS,
  type OpusCodec,
  type OpusEncoder,
} from "#engine/plugin";

/** Turns frames of one task into messages. */
export interface AudioWriter {
  /** @throws EngineError CODEC_UNSUPPORTED for packets that the task was not asked to carry. */
  write(frame: Frame): Uint8Array | undefined;
  close(): void;
}

/** Samples as they are. */
const pcmWriter = (): AudioWriter => ({
  write(frame) {
    if (frame.kind === "audio") return encodeS16le(frame.pcm);
    if (frame.kind === "encoded") throw wrongCodec(frame.codec, "pcm");
    return undefined;
  },
  close() {},
});

interface OpusFacts {
  readonly codec: OpusCodec;
  readonly sampleRateHz: number;
  readonly ctx: NodeContext;
}

/** Opus in an Ogg stream, a page for each packet. Packets pass undecoded; audio is coded, the last packet filled up with silence. */
class OpusWriter implements AudioWriter {
  #encoder: OpusEncoder | undefined;
  #ogg: OggOpusWriter | undefined;

  constructor(readonly facts: OpusFacts) {}

  write(frame: Frame): Uint8Array | undefined {
    if (frame.kind === "encoded") {
      if (frame.codec !== "opus") throw wrongCodec(frame.codec, "opus");
      return this.#page(frame.packet, in48k(frame.sampleCount, frame.sampleRateHz), 0);
    }
    if (frame.kind !== "audio") return undefined;
    const { sampleRateHz } = this.facts;
    this.#encoder ??= this.#startEncoding();
    const { lookaheadSamples } = this.#encoder;
    const size = msToSamples(OPUS_PACKET_MS, sampleRateHz);
    const pages: Uint8Array[] = [];
    for (let at = 0; at < frame.pcm.length; at += size) {
      const packet = this.#encoder.encode(this.#whole(frame.pcm.subarray(at, at + size), size));
      pages.push(this.#page(packet, in48k(size, sampleRateHz), in48k(lookaheadSamples, sampleRateHz)));
    }
    return Buffer.concat(pages);
  }

  close(): void {
    this.#encoder?.close();
    this.#encoder = undefined;
  }

  #startEncoding(): OpusEncoder {
    const { codec, sampleRateHz, ctx } = this.facts;
    ctx.report({ type: "encoding", codec: "opus", sampleRateHz });
    return codec.encoder({ sampleRateHz, channels: 1 });
  }

  #whole(pcm: Int16Array, size: number): Int16Array {
    if (pcm.length === size) return pcm;
    this.facts.ctx.count("paddedSamples", size - pcm.length);
    const whole = new Int16Array(size);
    whole.set(pcm);
    return whole;
  }

  #page(packet: Uint8Array, samples48k: number, preSkip: number): Uint8Array {
    if (this.#ogg) return this.#ogg.packet(packet, samples48k);
    this.#ogg = new OggOpusWriter({ channels: 1, sampleRateHz: this.facts.sampleRateHz, preSkip, serial: 1 });
    return Buffer.concat([this.#ogg.head(), this.#ogg.packet(packet, samples48k)]);
  }
}

/** Ogg counts Opus at 48 kHz, whatever its rate. */
const in48k = (samples: number, sampleRateHz: number): number => Math.round((samples * 48_000) / sampleRateHz);

/** Makes the writer of each task; the codec is loaded before the first. */
export async function audioWriters(
  format: "pcm" | "opus",
  sampleRateHz: number,
  ctx: NodeContext,
): Promise<() => AudioWriter> {
  if (format === "pcm") return pcmWriter;
  const codec = await ctx.outside(loadOpus);
  return () => new OpusWriter({ codec, sampleRateHz, ctx });
}

const wrongCodec = (found: string, wanted: string) =>
  new EngineError("CODEC_UNSUPPORTED", `packets of ${found} came, and format is ${wanted}`);
