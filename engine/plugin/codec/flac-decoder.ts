import { joinBytes } from "../../audio/index.ts";
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
  SILENT_BYTES_WITH_PICTURES,
} from "./decoding.ts";
import { coderOpened } from "./open-coders.ts";

interface Library {
  readonly ready: Promise<void>;
  decodeFrames(frames: Uint8Array[]): Promise<Decoded>;
  free(): void;
}

/** A frame that was found and whose checksum is right. What stands in its head depends on whether all blocks have one size. */
interface FlacFrame {
  readonly data: Uint8Array;
  readonly header: { readonly blockSize: number; readonly frameNumber?: number; readonly sampleNumber?: number };
}

interface Parser {
  parseChunk(bytes: Uint8Array): Iterable<FlacFrame>;
  flush(): Iterable<FlacFrame>;
}

/** FLAC in its own container. */
export async function openFlacDecoder(): Promise<AudioDecoder> {
  const { FLACDecoder } = await imported("@wasm-audio-decoders/flac", () => import("@wasm-audio-decoders/flac"));
  const { default: CodecParser } = await imported("codec-parser", () => import("codec-parser"));
  const library: Library = new FLACDecoder();
  await library.ready;
  // its own types know the frames of other formats as well
  const parser = new CodecParser("audio/flac", { enableFrameCRC32: false }) as unknown as Parser;
  return new FlacDecoder(library, parser);
}

/** The most that one sample of one channel takes in a frame: 32 bits as they are. */
const MOST_SAMPLE_BYTES = 4;
const MOST_FRAME_HEAD_BYTES = 64;

class FlacDecoder implements AudioDecoder {
  readonly #closed = coderOpened();
  format: AudioFormat | undefined;
  truncated = false;
  readonly #metadata = new MetadataReader();
  #library: Library | undefined;
  readonly #parser: Parser;
  #blockSize: number | undefined;
  #bytes = 0;
  /** Samples per channel up to here were found in frames. */
  #found = 0;
  #frameBytes = 0;

  constructor(library: Library, parser: Parser) {
    this.#library = library;
    this.#parser = parser;
  }

  get declaredSamples(): number | undefined {
    return this.#metadata.declaredSamples;
  }

  async push(bytes: Uint8Array): Promise<Int16Array> {
    this.#bytes += bytes.length;
    this.#metadata.look(bytes);
    // frames point into what the parser was given, which the caller may use again
    const pcm = await this.#decode(() => this.#parser.parseChunk(bytes.slice()));
    if (this.#found === 0 && this.#bytes >= SILENT_BYTES_WITH_PICTURES) throw notRecognised("FLAC", this.#bytes);
    this.#requireFrames();
    return pcm;
  }

  async end(): Promise<Int16Array> {
    if (this.#bytes === 0) return nothingYet();
    const rest = await this.#decode(() => this.#parser.flush());
    if (this.#found === 0) throw notRecognised("FLAC", this.#bytes);
    this.#requireFrames();
    this.truncated = this.declaredSamples !== undefined && this.#found < this.declaredSamples;
    return rest;
  }

  close(): void {
    this.#library?.free();
    this.#library = undefined;
    this.#closed();
  }

  async #decode(parse: () => Iterable<FlacFrame>): Promise<Int16Array> {
    const library = this.#library;
    if (!library) throw new Error("FlacDecoder used after close()");
    const frames = quietly("FLAC", () => [...parse()]);
    if (frames.length === 0) return nothingYet();
    for (const each of frames) this.#follow(each);
    const decoding = quietly("FLAC", () => library.decodeFrames(frames.map(({ data }) => data)));
    const { channelData, samplesDecoded, sampleRate, errors } = await decoding.catch((cause: unknown) => {
      throw damaged("FLAC", "its decoder gave up", cause);
    });
    if (errors.length > 0) throw damaged("FLAC", `a frame before byte ${this.#bytes} cannot be decoded`);
    this.format ??= { sampleRateHz: sampleRate, channels: channelData.length };
    return interleaved(channelData, samplesDecoded);
  }

  /** The parser passes over frames whose checksum is wrong; the next one's number tells. */
  #follow({ data, header: { blockSize, frameNumber, sampleNumber } }: FlacFrame): void {
    this.#frameBytes += data.length;
    this.#blockSize ??= blockSize;
    const start = sampleNumber ?? (frameNumber ?? 0) * this.#blockSize;
    if (start !== this.#found)
      throw damaged("FLAC", `samples ${this.#found} to ${start} are not what their checksum says`);
    this.#found += blockSize;
  }

  /** No more may wait than one frame can be: else the parser looks for the next one in what is none. */
  #requireFrames(): void {
    if (!this.format || this.#blockSize === undefined) return;
    const most = this.#blockSize * this.format.channels * MOST_SAMPLE_BYTES + MOST_FRAME_HEAD_BYTES;
    if (this.#bytes - this.#metadata.length - this.#frameBytes > most)
      throw damaged("FLAC", `no frame follows sample ${this.#found}`);
  }
}

const MARK_BYTES = 4;
const BLOCK_HEAD_BYTES = 4;
/** Of STREAMINFO, what stands before the checksum. */
const INFO_BYTES = 18;

/** Finds the end of the metadata, and what STREAMINFO, the first block, says. See RFC 9639, section 8. */
class MetadataReader {
  declaredSamples: number | undefined;
  /** Of the mark and all blocks, as far as they were seen. */
  length = MARK_BYTES;
  #held: Uint8Array = new Uint8Array(0);
  /** Where the bytes held stand in the file. */
  #at = 0;
  #last = false;

  look(bytes: Uint8Array): void {
    if (this.#last) return;
    this.#held = joinBytes(this.#held, bytes);
    while (!this.#last) {
      const block = this.#held.subarray(this.length - this.#at);
      const first = this.length === MARK_BYTES;
      if (block.length < BLOCK_HEAD_BYTES + (first ? INFO_BYTES : 0)) break;
      const view = new DataView(block.buffer, block.byteOffset);
      if (first) this.#readInfo(new DataView(block.buffer, block.byteOffset + BLOCK_HEAD_BYTES));
      this.#last = view.getUint8(0) >= 0x80;
      this.length += BLOCK_HEAD_BYTES + (view.getUint32(0) & 0xffffff);
    }
    const kept = this.#held.subarray(Math.min(this.#held.length, this.length - this.#at));
    this.#at += this.#held.length - kept.length;
    this.#held = kept.slice();
  }

  /** 20 bits of rate, 3 of channels less one, 5 of sample size, 36 of samples with 0 for unknown. */
  #readInfo(view: DataView): void {
    const total = (view.getUint8(13) & 15) * 2 ** 32 + view.getUint32(14);
    if (total > 0) this.declaredSamples = total;
  }
}
