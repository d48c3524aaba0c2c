import { Framer } from "../../audio/index.ts";
import type { AudioFormat } from "../../frames/index.ts";
import type { AudioEncoder, EncoderModule } from "./encoding.ts";
import { OggOpusWriter } from "./ogg.ts";
import { loadOpus, OPUS_PACKET_MS, OPUS_RATES_HZ, type OpusEncoder } from "./opus.ts";

/** Opus counts its positions at this rate. */
const POSITIONS_HZ = 48_000;

/** Opus in Ogg, packets of 20 ms. The file is as long as what came in: its head and its last page say what a player leaves out. */
export const oggOpusEncoder: EncoderModule = {
  ratesHz: OPUS_RATES_HZ,
  async prepare() {
    const codec = await loadOpus();
    return (format, { bitrate, serial = 1 }) =>
      new OggOpusEncoder(codec.encoder(format, bitrate === undefined ? {} : { bitrate }), format, serial);
  },
};

class OggOpusEncoder implements AudioEncoder {
  readonly #encoder: OpusEncoder;
  readonly #format: AudioFormat;
  readonly #framer: Framer;
  readonly #writer: OggOpusWriter;
  readonly #packetPositions = (POSITIONS_HZ * OPUS_PACKET_MS) / 1000;
  readonly #perSample: number;
  /** The packet that goes out when it is known whether it is the last. */
  #waiting: Uint8Array | undefined;
  #begun = false;
  /** Samples per channel that came in. */
  #samples = 0;
  #positions = 0;

  constructor(encoder: OpusEncoder, format: AudioFormat, serial: number) {
    this.#encoder = encoder;
    this.#format = format;
    this.#framer = new Framer({ ...format, frameMs: OPUS_PACKET_MS });
    this.#perSample = POSITIONS_HZ / format.sampleRateHz;
    this.#writer = new OggOpusWriter({
      channels: format.channels === 1 ? 1 : 2,
      sampleRateHz: format.sampleRateHz,
      preSkip: encoder.lookaheadSamples * this.#perSample,
      serial,
    });
  }

  encode(pcm: Int16Array): Uint8Array {
    this.#samples += pcm.length / this.#format.channels;
    return this.#push(pcm);
  }

  end(): Uint8Array {
    const { channels } = this.#format;
    const wanted = (this.#samples + this.#encoder.lookaheadSamples) * this.#perSample;
    const pages: Uint8Array[] = [];
    // silence until the last sample that came in is out of the encoder, and the packet is whole
    const silence = new Int16Array(this.#framer.nextLength * channels);
    while (this.#positions < wanted) pages.push(this.#push(silence.subarray(0, this.#missing() * channels)));
    const last = wanted - (this.#positions - this.#packetPositions);
    if (this.#waiting) pages.push(this.#writer.packet(this.#waiting, last, { last: true }));
    else pages.push(this.#head());
    this.#waiting = undefined;
    return Buffer.concat(pages);
  }

  close(): void {
    this.#encoder.close();
  }

  #push(pcm: Int16Array): Uint8Array {
    const pages: Uint8Array[] = [];
    this.#framer.push(pcm, (frame) => {
      pages.push(this.#head());
      if (this.#waiting) pages.push(this.#writer.packet(this.#waiting, this.#packetPositions));
      this.#waiting = this.#encoder.encode(frame);
      this.#positions += this.#packetPositions;
    });
    return Buffer.concat(pages);
  }

  #head(): Uint8Array {
    if (this.#begun) return new Uint8Array(0);
    this.#begun = true;
    return this.#writer.head();
  }

  #missing(): number {
    return this.#framer.nextLength - this.#framer.held;
  }
}
