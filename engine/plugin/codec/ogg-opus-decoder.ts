import { EngineError } from "../../errors/index.ts";
import type { AudioFormat } from "../../frames/index.ts";
import { type AudioDecoder, checked, damaged, nothingYet, notRecognised, SILENT_BYTES } from "./decoding.ts";
import { joinPcm } from "./join-pcm.ts";
import { isOpusHead, OggReader } from "./ogg.ts";
import { loadOpus, type OpusCodec, type OpusDecoder } from "./opus.ts";

/** Opus counts its positions at this rate, whatever was coded. */
const RATE_HZ = 48_000;

/** Opus in Ogg. Decodes to 48,000 Hz: what was coded is told for information only. See RFC 7845. */
export async function openOggOpusDecoder(): Promise<AudioDecoder> {
  return new OggOpusDecoder(await loadOpus());
}

class OggOpusDecoder implements AudioDecoder {
  format: AudioFormat | undefined;
  readonly declaredSamples = undefined;
  truncated = false;
  readonly #codec: OpusCodec;
  readonly #pages = new OggReader();
  #decoder: OpusDecoder | undefined;
  /** Samples per channel to leave out, at the beginning. */
  #skip = 0;
  #bytes = 0;
  /** Samples per channel given out. */
  #samples = 0;
  #preSkip = 0;
  /** The last samples wait for what the last page says of its end. */
  #held: Int16Array = nothingYet();

  constructor(codec: OpusCodec) {
    this.#codec = codec;
  }

  async push(bytes: Uint8Array): Promise<Int16Array> {
    this.#bytes += bytes.length;
    const pieces: Int16Array[] = [];
    for (const packet of checked("Ogg Opus", () => this.#pages.push(bytes))) {
      if (isOpusHead(packet)) this.#begin(packet);
      else if (!this.#decoder) throw notRecognised("Ogg Opus", this.#bytes);
      else if (packet.length > 0) {
        pieces.push(this.#held);
        this.#held = this.#trimmed(this.#decode(this.#decoder, packet));
      }
    }
    if (!this.#decoder && this.#bytes >= SILENT_BYTES) throw notRecognised("Ogg Opus", this.#bytes);
    return this.#given(joinPcm(pieces));
  }

  async end(): Promise<Int16Array> {
    if (this.#bytes === 0) return nothingYet();
    if (!this.format) throw notRecognised("Ogg Opus", this.#bytes);
    this.truncated = !this.#pages.ended;
    const left = this.#pages.granule - this.#preSkip - this.#samples;
    const whole = this.#held.length / this.format.channels;
    const kept = this.truncated ? whole : Math.max(0, Math.min(whole, left));
    return this.#given(this.#held.subarray(0, kept * this.format.channels));
  }

  close(): void {
    this.#decoder?.close();
    this.#decoder = undefined;
  }

  #begin(packet: Uint8Array): void {
    if (this.#decoder || packet[4] !== 0x48) return; // "OpusTags", or a head that comes again
    const channels = packet[9] ?? 0;
    const family = packet[18] ?? 0;
    if (packet.length < 19 || family !== 0 || channels < 1 || channels > 2)
      throw new EngineError(
        "AUDIO_FORMAT_UNSUPPORTED",
        `Ogg Opus with ${channels} channels of mapping ${family}; wanted one or two of mapping 0`,
      );
    this.format = { sampleRateHz: RATE_HZ, channels };
    this.#preSkip = new DataView(packet.buffer, packet.byteOffset).getUint16(10, true);
    this.#skip = this.#preSkip;
    this.#decoder = this.#codec.decoder(this.format);
  }

  #decode(decoder: OpusDecoder, packet: Uint8Array): Int16Array {
    try {
      return decoder.decode(packet);
    } catch (cause) {
      throw damaged("Ogg Opus", `a packet before byte ${this.#bytes} cannot be decoded`, cause);
    }
  }

  #trimmed(pcm: Int16Array): Int16Array {
    const channels = this.format?.channels ?? 1;
    const skipped = Math.min(this.#skip, pcm.length / channels);
    this.#skip -= skipped;
    return skipped === 0 ? pcm : pcm.subarray(skipped * channels);
  }

  #given(pcm: Int16Array): Int16Array {
    this.#samples += pcm.length / (this.format?.channels ?? 1);
    return pcm;
  }
}
