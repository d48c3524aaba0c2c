import type { AudioFormat } from "../../frames/index.ts";
import {
  type AudioDecoder,
  type Decoded,
  damaged,
  imported,
  interleaved,
  nothingYet,
  notRecognised,
  quietly,
  SILENT_BYTES,
} from "./decoding.ts";
import { coderOpened } from "./open-coders.ts";

interface Library {
  readonly ready: Promise<void>;
  decode(bytes: Uint8Array): Decoded;
  free(): void;
}

/** MPEG audio, layer III (and I and II), by mpg123. */
export async function openMp3Decoder(): Promise<AudioDecoder> {
  const { MPEGDecoder } = await imported("mpg123-decoder", () => import("mpg123-decoder"));
  const library: Library = new MPEGDecoder();
  await library.ready;
  return new Mp3Decoder(library);
}

class Mp3Decoder implements AudioDecoder {
  readonly #closed = coderOpened();
  format: AudioFormat | undefined;
  readonly declaredSamples = undefined;
  readonly truncated = false; // nothing in an MP3 says how long it is
  readonly #header = new ModeReader();
  #library: Library | undefined;
  #bytes = 0;

  constructor(library: Library) {
    this.#library = library;
  }

  async push(bytes: Uint8Array): Promise<Int16Array> {
    const library = this.#library;
    if (!library) throw new Error("Mp3Decoder used after close()");
    this.#bytes += bytes.length;
    this.#header.look(bytes);
    const { channelData, samplesDecoded, sampleRate, errors } = quietly("MP3", () => library.decode(bytes));
    if (errors.length > 0 && samplesDecoded === 0 && !this.format) throw notRecognised("MP3", this.#bytes);
    if (errors.length > 0) throw damaged("MP3", `its frames end before byte ${this.#bytes}`);
    if (samplesDecoded === 0) {
      if (!this.format && this.#bytes - this.#header.tagBytes >= SILENT_BYTES) throw notRecognised("MP3", this.#bytes);
      return nothingYet();
    }
    this.format ??= { sampleRateHz: sampleRate, channels: this.#header.mono ? 1 : 2 };
    if (this.format.sampleRateHz !== sampleRate) throw damaged("MP3", "its sample rate changes");
    return interleaved(channelData.slice(0, this.format.channels), samplesDecoded);
  }

  async end(): Promise<Int16Array> {
    if (!this.format && this.#bytes > 0) throw notRecognised("MP3", this.#bytes);
    return nothingYet();
  }

  close(): void {
    this.#library?.free();
    this.#library = undefined;
    this.#closed();
  }
}

const ID3_HEAD_BYTES = 10;
const FRAME_HEAD_BYTES = 4;

/** Finds out whether a file is mono: the decoder always gives two channels. The first frame's head follows the tag, whose length stands in the tag. */
class ModeReader {
  mono = false;
  /** Of an ID3v2 tag, head included. */
  tagBytes = 0;
  #head: number[] = [];
  #skip = 0;
  #found = false;

  look(bytes: Uint8Array): void {
    for (let i = 0; i < bytes.length && !this.#found; i++) {
      if (this.#skip > 0) {
        const step = Math.min(this.#skip, bytes.length - i);
        this.#skip -= step;
        i += step - 1;
        continue;
      }
      this.#head.push(bytes[i]!);
      this.#read();
    }
  }

  #read(): void {
    const head = this.#head;
    const tag = head[0] === 0x49 && (head[1] ?? 0x44) === 0x44 && (head[2] ?? 0x33) === 0x33; // "ID3"
    if (head.length < (tag ? ID3_HEAD_BYTES : FRAME_HEAD_BYTES)) return;
    if (tag) {
      // seven bits of each of four bytes, see ID3v2.4.0 structure, 3.1
      this.#skip = (head[6]! << 21) | (head[7]! << 14) | (head[8]! << 7) | head[9]!;
      this.tagBytes += ID3_HEAD_BYTES + this.#skip;
      this.#head = [];
    } else if (head[0] === 0xff && (head[1]! & 0xe0) === 0xe0) {
      this.mono = head[3]! >> 6 === 3;
      this.#found = true;
    } else head.shift();
  }
}
