import {
  EngineError,
  isOgg,
  isOpusHead,
  OggReader,
  type OpusCodec,
  type OpusDecoder,
  SampleDecoder,
  WavReader,
} from "#engine/plugin";

/** Makes samples of bytes that come piece by piece. */
export interface AudioReader {
  /** @throws EngineError AUDIO_NOT_RECOGNISED for what is not of the format that was named. */
  push(bytes: Uint8Array): Int16Array;
  close(): void;
}

/** Formats that are read here; others are handed on as they are, or refused. */
export const READABLE = ["pcm", "wav", "opus"] as const;
export type Readable = (typeof READABLE)[number];

export const isReadable = (format: string): format is Readable => (READABLE as readonly string[]).includes(format);

/** @param codec of Opus; needed for that format only. */
export function audioReader(format: Readable, sampleRateHz: number, codec?: OpusCodec): AudioReader {
  if (format === "wav") return wavReader(sampleRateHz);
  if (format === "opus" && codec) return new OpusReader(codec.decoder({ sampleRateHz, channels: 1 }), sampleRateHz);
  const decoder = new SampleDecoder("s16le", 1);
  return { push: (bytes) => decoder.push(bytes), close() {} };
}

function wavReader(sampleRateHz: number): AudioReader {
  const reader = new WavReader();
  return {
    push(bytes) {
      const pcm = reader.push(bytes);
      const { info } = reader;
      if (info && (info.sampleRateHz !== sampleRateHz || info.channels !== 1))
        throw new EngineError(
          "AUDIO_NOT_RECOGNISED",
          `a WAV of ${info.sampleRateHz} Hz with ${info.channels} channels came, wanted ${sampleRateHz} Hz with one`,
        );
      return pcm;
    },
    close() {},
  };
}

/** Packets in an Ogg stream; a client may also send one in each message. */
class OpusReader implements AudioReader {
  #ogg: OggReader | undefined;
  #begun = false;
  /** Samples at the beginning that the encoder asks to be left out. */
  #skip = 0;

  constructor(
    readonly decoder: OpusDecoder,
    readonly sampleRateHz: number,
  ) {}

  push(bytes: Uint8Array): Int16Array {
    if (!this.#begun && isOgg(bytes)) this.#ogg = new OggReader();
    this.#begun = true;
    const parts: Int16Array[] = [];
    for (const packet of this.#ogg ? this.#ogg.push(bytes) : [bytes])
      if (isOpusHead(packet)) this.#skip = preSkip(packet, this.sampleRateHz) ?? this.#skip;
      else parts.push(this.#kept(this.decoder.decode(packet)));
    const pcm = new Int16Array(parts.reduce((sum, part) => sum + part.length, 0));
    let at = 0;
    for (const part of parts) {
      pcm.set(part, at);
      at += part.length;
    }
    return pcm;
  }

  close(): void {
    this.decoder.close();
  }

  #kept(pcm: Int16Array): Int16Array {
    const skipped = Math.min(this.#skip, pcm.length);
    this.#skip -= skipped;
    return pcm.subarray(skipped);
  }
}

/** Of `OpusHead`, at 48 kHz there; the other head page has none. @see RFC 7845, section 5.1 */
function preSkip(head: Uint8Array, sampleRateHz: number): number | undefined {
  if (head.length < 12 || head[4] !== 0x48) return undefined; // OpusH, not OpusT
  return Math.round((((head[10] ?? 0) + (head[11] ?? 0) * 256) * sampleRateHz) / 48_000);
}
