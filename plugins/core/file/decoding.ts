import {
  type AudioDecoder,
  type AudioFormat,
  BYTES_PER_SAMPLE,
  type DecodedContainer,
  openDecoder,
  SampleDecoder,
  type SampleEncoding,
  WavReader,
} from "#engine/plugin";

/** What a file without a header holds. */
export interface RawFormat extends AudioFormat {
  readonly encoding: SampleEncoding;
}

/** How the bytes of one recording become samples. */
export interface Decoding {
  /** For messages, such as `after the WAV header`. */
  readonly where: string;
  /** How many bytes are handed over at once, so that a chain of inline nodes is through with them in some milliseconds. */
  readonly blockBytes: number;
  /** Known at the latest with the first samples. */
  readonly format: AudioFormat | undefined;
  /** The samples that became whole, interleaved and the caller's own. */
  push(bytes: Uint8Array): Int16Array | Promise<Int16Array>;
  /** What was still inside, after the last byte. */
  end(): Int16Array | Promise<Int16Array>;
  /** Samples per channel, as far as the header and the size of the file tell. */
  total(fileBytes: number | undefined): number | undefined;
  /** Asked after `end`: the recording breaks off. @returns what was promised where somebody did. */
  truncated(): { readonly declaredSamples?: number } | undefined;
  close(): void;
}

/** Four seconds of 16 kHz mono. */
const PLAIN_BLOCK_BYTES = 131_072;
/** Of speech coded with 16 kbit/s, eight seconds. */
const CODED_BLOCK_BYTES = 16_384;
const NOTHING = new Int16Array(0);

export function rawDecoding(format: RawFormat): Decoding {
  const decoder = new SampleDecoder(format.encoding, format.channels);
  return {
    where: "in the file",
    blockBytes: PLAIN_BLOCK_BYTES,
    format: { sampleRateHz: format.sampleRateHz, channels: format.channels },
    push: (bytes) => decoder.push(bytes),
    end: () => NOTHING,
    total: (bytes) => (bytes === undefined ? undefined : wholeSamples(bytes, format)),
    truncated: () => (decoder.spareBytes > 0 ? {} : undefined),
    close: () => undefined,
  };
}

/** Of WAV, and of what no signature knows: the reader says in words what it looks like. */
export function wavDecoding(): Decoding {
  const reader = new WavReader("WAV, MP3, FLAC or Ogg");
  return {
    where: "after the WAV header",
    blockBytes: PLAIN_BLOCK_BYTES,
    get format() {
      return reader.info && { sampleRateHz: reader.info.sampleRateHz, channels: reader.info.channels };
    },
    push: (bytes) => reader.push(bytes),
    end: () => NOTHING,
    total(bytes) {
      const { info } = reader;
      if (!info || bytes === undefined) return undefined;
      const behind = bytes - info.dataOffset;
      return wholeSamples(Math.min(behind, info.dataBytes ?? behind), info);
    },
    truncated() {
      const { truncated } = reader.end();
      return truncated && reader.info && { declaredSamples: wholeSamples(truncated.declaredBytes, reader.info) };
    },
    close: () => undefined,
  };
}

/** @throws EngineError ENGINE_MISSING where the container's library is not installed. */
export async function codedDecoding(container: DecodedContainer): Promise<Decoding> {
  const decoder: AudioDecoder = await openDecoder(container);
  return {
    where: `in the ${container}`,
    blockBytes: CODED_BLOCK_BYTES,
    get format() {
      return decoder.format;
    },
    push: (bytes) => decoder.push(bytes),
    end: () => decoder.end(),
    total: () => decoder.declaredSamples,
    truncated() {
      const { declaredSamples } = decoder;
      return decoder.truncated ? { ...(declaredSamples !== undefined && { declaredSamples }) } : undefined;
    },
    close: () => decoder.close(),
  };
}

const wholeSamples = (bytes: number, { encoding, channels }: RawFormat): number =>
  Math.floor(bytes / (BYTES_PER_SAMPLE[encoding] * channels));
