import { EngineError, SampleDecoder } from "#engine/plugin";

/** What a client's audio is, by the header that it begins with. */
export interface WaveFormat {
  readonly sampleRateHz: number;
  readonly channels: number;
}

const HEADER_BYTES = 44;
const ENCODINGS = new Map([
  [1, "s16le"],
  [6, "alaw"],
  [7, "mulaw"],
] as const);

/** Samples of a client's audio: a RIFF header that says what follows, then the samples, in pieces of any length. */
export class WaveIn {
  #header: Uint8Array = new Uint8Array(0);
  #decoder: SampleDecoder | undefined;
  format: WaveFormat | undefined;

  /**
   * @returns interleaved samples, none while the header is not whole.
   * @throws EngineError AUDIO_NOT_RECOGNISED for what begins otherwise, AUDIO_FORMAT_UNSUPPORTED.
   */
  push(bytes: Uint8Array): Int16Array {
    if (this.#decoder) return this.#decoder.push(bytes);
    this.#header = Buffer.concat([this.#header, bytes]);
    if (this.#header.length < HEADER_BYTES) return new Int16Array(0);
    this.#decoder = this.#read(this.#header);
    return this.#decoder.push(this.#header.subarray(HEADER_BYTES));
  }

  #read(header: Uint8Array): SampleDecoder {
    const view = new DataView(header.buffer, header.byteOffset);
    const word = (at: number) => String.fromCharCode(...header.subarray(at, at + 4));
    if (word(0) !== "RIFF" || word(8) !== "WAVE" || word(12) !== "fmt ")
      throw new EngineError("AUDIO_NOT_RECOGNISED", "the first audio of a turn begins with no RIFF header");
    const encoding = ENCODINGS.get(view.getUint16(20, true) as 1 | 6 | 7);
    const channels = view.getUint16(22, true);
    const sampleRateHz = view.getUint32(24, true);
    const bits = view.getUint16(34, true);
    const fits = encoding !== undefined && bits === (encoding === "s16le" ? 16 : 8);
    if (!fits || channels < 1 || channels > 2 || sampleRateHz < 8000 || sampleRateHz > 48_000)
      throw new EngineError(
        "AUDIO_FORMAT_UNSUPPORTED",
        `audio of ${sampleRateHz} Hz, ${channels} channels, ${bits} bits; 16-bit PCM, A-law and µ-law of one or two channels are taken`,
      );
    this.format = { sampleRateHz, channels };
    return new SampleDecoder(encoding, channels);
  }
}
