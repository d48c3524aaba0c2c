import {
  type AudioFormat,
  describeBytes,
  EngineError,
  type ErrorCode,
  isOgg,
  isOpusHead,
  OggReader,
  OPUS_RATES_HZ,
  opusPacketSamples,
} from "#engine/plugin";
import type { ByteSource } from "../file/byte-source.ts";

/** Read at once: of speech, some seconds. */
const BLOCK_BYTES = 16_384;
/** At which Opus in Ogg counts its positions. */
const POSITIONS_HZ = 48_000;

export interface Packet {
  readonly bytes: Uint8Array;
  /** Samples per channel, at the reader's rate, that it stands for. */
  readonly sampleCount: number;
}

/** Hands out the packets of an Opus recording in Ogg as they are. See RFC 7845. Owns the source: `close()` it. */
export class PacketReader {
  readonly #source: ByteSource;
  readonly #pages = new OggReader();
  readonly #rateHz: number | undefined;
  #format: AudioFormat | undefined;
  /** The last one read: what its stream's end cuts off of it is not known before. */
  #held: Packet | undefined;
  /** Packets that came in one block with the head. */
  #first: Packet[] = [];
  #ended = false;
  /** Samples given out, the held packet's among them. */
  #position = 0;

  private constructor(source: ByteSource, rateHz: number | undefined) {
    this.#source = source;
    this.#rateHz = rateHz;
  }

  /**
   * Reads up to the first packets.
   * @param rateHz at which packets are counted; the one that the recording says it was made of, where Opus has it, else 48,000.
   * @throws EngineError CODEC_UNSUPPORTED for anything but Opus in Ogg, AUDIO_FORMAT_UNSUPPORTED for more than two channels, AUDIO_DAMAGED,
   * AUDIO_EMPTY; what the source throws. Each names the recording.
   */
  static async open(source: ByteSource, rateHz?: number): Promise<PacketReader> {
    const reader = new PacketReader(source, rateHz);
    try {
      while (!reader.#ended && reader.#first.length === 0) reader.#first = await reader.#read();
      if (reader.#first.length === 0) throw reader.#fault("AUDIO_EMPTY", "not one packet");
      return reader;
    } catch (error) {
      await source.close();
      throw error;
    }
  }

  get format(): AudioFormat {
    if (!this.#format) throw new Error("PacketReader used before its head was read");
    return this.#format;
  }

  /** Known after the last packet: the recording breaks off. */
  get truncated(): boolean {
    return this.#ended && !this.#pages.ended;
  }

  /** The next packets, one at least; undefined after the last. */
  async next(): Promise<readonly Packet[] | undefined> {
    let packets = this.#first.splice(0);
    while (!this.#ended && packets.length === 0) packets = await this.#read();
    return packets.length === 0 ? undefined : packets;
  }

  close(): Promise<void> {
    return this.#source.close();
  }

  async #read(): Promise<Packet[]> {
    const bytes = await this.#source.next(BLOCK_BYTES);
    if (!bytes) {
      this.#ended = true;
      return this.#rest();
    }
    const packets: Packet[] = [];
    for (const packet of this.#packetsIn(bytes)) {
      if (isOpusHead(packet)) this.#begin(packet);
      else if (!this.#format)
        throw this.#fault("CODEC_UNSUPPORTED", "Ogg, but not Opus; packets are taken out of Opus in Ogg");
      else if (packet.length > 0) {
        if (this.#held) packets.push(this.#held);
        this.#held = this.#measured(packet, this.#format);
      }
    }
    return packets;
  }

  #packetsIn(bytes: Uint8Array): Uint8Array[] {
    if (this.#format || isOgg(bytes)) return this.#checked(() => this.#pages.push(bytes));
    try {
      return this.#pages.push(bytes);
    } catch (cause) {
      throw this.#fault("CODEC_UNSUPPORTED", `${describeBytes(bytes)}; packets are taken out of Opus in Ogg`, cause);
    }
  }

  #begin(head: Uint8Array): void {
    if (this.#format || head[4] !== 0x48) return; // "OpusTags", or a head that comes again
    const channels = head[9] ?? 0;
    if (head.length < 19 || head[18] !== 0 || channels < 1 || channels > 2)
      throw this.#fault("AUDIO_FORMAT_UNSUPPORTED", `Opus with ${channels} channels; wanted one or two of mapping 0`);
    const madeOfHz = new DataView(head.buffer, head.byteOffset).getUint32(12, true);
    const rates: readonly number[] = OPUS_RATES_HZ;
    const sampleRateHz = this.#rateHz ?? (rates.includes(madeOfHz) ? madeOfHz : POSITIONS_HZ);
    this.#format = { sampleRateHz, channels };
  }

  #measured(bytes: Uint8Array, { sampleRateHz }: AudioFormat): Packet {
    const sampleCount = this.#checked(() => opusPacketSamples(bytes, sampleRateHz));
    this.#position += sampleCount;
    return { bytes, sampleCount };
  }

  /** The last packet: a stream's last page says how much of it is sound. */
  #rest(): Packet[] {
    const held = this.#held;
    if (!held) return [];
    this.#held = undefined;
    const end = Math.round((this.#pages.granule * this.format.sampleRateHz) / POSITIONS_HZ);
    const over = this.#pages.ended ? this.#position - end : 0;
    return [over > 0 && over < held.sampleCount ? { ...held, sampleCount: held.sampleCount - over } : held];
  }

  #checked<T>(read: () => T): T {
    try {
      return read();
    } catch (cause) {
      if (!(cause instanceof EngineError)) throw cause;
      throw this.#fault("AUDIO_DAMAGED", cause.message, cause);
    }
  }

  #fault(code: ErrorCode, what: string, cause?: unknown): EngineError {
    return new EngineError(code, `${this.#source.name}: ${what}`, { cause });
  }
}
