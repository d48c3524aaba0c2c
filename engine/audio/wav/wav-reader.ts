import { EngineError } from "../../errors/index.ts";
import type { AudioFormat } from "../../frames/index.ts";
import { joinBytes } from "../join-bytes.ts";
import { SampleDecoder, type SampleEncoding } from "../sample-decoder.ts";
import { describeBytes } from "../sniff.ts";
import { MIN_FMT_BYTES, readFmt } from "./wav-format.ts";

export interface WavInfo extends AudioFormat {
  readonly encoding: SampleEncoding;
  /** Where in the file the samples begin. */
  readonly dataOffset: number;
  /** As the header says; undefined where its writer could not know, as when writing to a pipe: all that follows is audio then. */
  readonly dataBytes: number | undefined;
}

export interface WavEnd {
  /** Bytes of audio that were there and complete. */
  readonly dataBytes: number;
  /** Set when the header promised more than there was; what was there is good. */
  readonly truncated?: { readonly declaredBytes: number };
}

/** What writers leave in a length that they cannot go back to mend: espeak-ng and sox, arecord, ffmpeg, and rounded forms of these. */
const UNKNOWN_LENGTHS: ReadonlySet<number> = new Set([0xffffffff, 0xfffff000, 0x80000000, 0x7fffffff, 0x7ffff000]);
const RIFF_HEADER_BYTES = 12;
const CHUNK_HEADER_BYTES = 8;
/** A `fmt ` or `ds64` chunk is a few dozen bytes; one that claims more is no header. */
const MAX_KEPT_CHUNK_BYTES = 4096;

type State = "riff" | "chunk" | "fmt " | "ds64" | "skip" | "data" | "after";

/**
 * Reads a WAV (RIFF, or RF64 beyond 4 GiB) that comes in pieces of any length. Chunks that are no audio are passed over without being kept.
 * PCM of 8, 16, 24 and 32 bits, float of 32 and 64, A-law and mu-law, also under the extensible format, come out as signed 16 bit.
 */
export class WavReader {
  info: WavInfo | undefined;
  #state: State = "riff";
  /** Bytes of a header that is not complete. */
  #held: Uint8Array = new Uint8Array(0);
  /** Where in the file the next unread byte stands. */
  #offset = 0;
  #riffEnd = 0;
  #longDataBytes: number | undefined;
  #format: (AudioFormat & { readonly encoding: SampleEncoding }) | undefined;
  #decoder: SampleDecoder | undefined;
  /** Bytes left of the chunk that is being kept, skipped or decoded; infinite for a length that nobody knew. */
  #left = 0;
  #dataRead = 0;

  /** @param wanted for messages: what the bytes might have been, where more than WAV would have been taken. */
  constructor(private readonly wanted = "WAV (RIFF, WAVE)") {}

  /**
   * @param bytes not kept. Returns the samples that became whole, interleaved and owned by the caller; none while the header lasts.
   * @throws EngineError AUDIO_NOT_RECOGNISED for what is no WAV, AUDIO_FORMAT_UNSUPPORTED for one that cannot be read here.
   */
  push(bytes: Uint8Array): Int16Array {
    let unread: Uint8Array | undefined = this.#held.length === 0 ? bytes : joinBytes(this.#held, bytes);
    this.#held = new Uint8Array(0);
    while (unread) {
      if (this.#state === "data") return this.#decode(unread);
      if (this.#state === "after") break;
      unread = this.#state === "skip" ? this.#skip(unread) : this.#readHeader(unread);
    }
    return new Int16Array(0);
  }

  /**
   * Says what there was, after the last byte.
   * @throws EngineError AUDIO_EMPTY without a byte, AUDIO_NOT_RECOGNISED or AUDIO_TRUNCATED when the samples never began.
   */
  end(): WavEnd {
    const found = this.#offset + this.#held.length;
    if (found === 0) throw new EngineError("AUDIO_EMPTY", "0 bytes; wanted a WAV recording");
    if (this.#state === "riff" && found < 4)
      throw new EngineError("AUDIO_NOT_RECOGNISED", `${found} bytes, too few for any recording; wanted ${this.wanted}`);
    if (!this.info || !this.#decoder)
      throw new EngineError(
        "AUDIO_TRUNCATED",
        `the WAV header breaks off after ${found} bytes: no ${this.#format ? "data" : "fmt"} chunk`,
      );
    const dataBytes = this.#dataRead - this.#decoder.spareBytes;
    const declaredBytes = this.info.dataBytes;
    if (declaredBytes === undefined || this.#dataRead >= declaredBytes) return { dataBytes };
    return { dataBytes, truncated: { declaredBytes } };
  }

  #decode(bytes: Uint8Array): Int16Array {
    const audio = bytes.length > this.#left ? bytes.subarray(0, this.#left) : bytes;
    this.#left -= audio.length;
    this.#offset += audio.length;
    this.#dataRead += audio.length;
    if (this.#left === 0) this.#state = "after";
    return this.#decoder ? this.#decoder.push(audio) : new Int16Array(0);
  }

  /** What follows the chunk that is passed over, or undefined while it lasts. */
  #skip(unread: Uint8Array): Uint8Array | undefined {
    const skipped = Math.min(this.#left, unread.length);
    this.#left -= skipped;
    this.#offset += skipped;
    if (this.#left > 0) return undefined;
    this.#state = "chunk";
    return unread.subarray(skipped);
  }

  /** What follows the next part of the header; undefined, and the bytes held, until that part is whole. */
  #readHeader(unread: Uint8Array): Uint8Array | undefined {
    const state = this.#state;
    const wanted = state === "riff" ? RIFF_HEADER_BYTES : state === "chunk" ? CHUNK_HEADER_BYTES : this.#left;
    if (state === "riff" && unread.length >= 4) requireWave(unread, this.wanted);
    if (unread.length < wanted) {
      this.#held = unread.slice();
      return undefined;
    }
    this.#offset += wanted;
    const view = new DataView(unread.buffer, unread.byteOffset, wanted);
    if (state === "chunk") this.#openChunk(fourLetters(unread), view.getUint32(4, true));
    else {
      this.#state = "chunk";
      if (state === "riff") this.#openRiff(view.getUint32(4, true));
      else if (state === "fmt ") this.#format = readFmt(unread.subarray(0, wanted));
      else if (wanted >= 16) this.#longDataBytes = view.getUint32(8, true) + view.getUint32(12, true) * 2 ** 32;
    }
    return unread.subarray(wanted);
  }

  #openRiff(bytes: number): void {
    this.#riffEnd = UNKNOWN_LENGTHS.has(bytes) ? 0 : bytes + 8;
  }

  #openChunk(id: string, bytes: number): void {
    const padded = bytes + (bytes % 2);
    if (id === "data") {
      this.#openData(bytes);
      return;
    }
    this.#left = padded;
    if (id !== "fmt " && id !== "ds64") {
      this.#state = padded === 0 ? "chunk" : "skip";
      return;
    }
    if (bytes > MAX_KEPT_CHUNK_BYTES || (id === "fmt " && bytes < MIN_FMT_BYTES))
      throw new EngineError(
        "AUDIO_NOT_RECOGNISED",
        `WAV header: a ${id.trim()} chunk of ${bytes} bytes; wanted ${MIN_FMT_BYTES} to ${MAX_KEPT_CHUNK_BYTES}`,
      );
    this.#state = id;
  }

  #openData(bytes: number): void {
    if (!this.#format)
      throw new EngineError(
        "AUDIO_FORMAT_UNSUPPORTED",
        "WAV header: the data chunk stands before its fmt chunk; wanted fmt first",
      );
    const long = bytes === 0xffffffff ? this.#longDataBytes : undefined;
    // A length of 0 is honest where the file's own length reaches beyond this chunk, so that others can follow; else nobody mended it.
    const unknown = UNKNOWN_LENGTHS.has(bytes) || (bytes === 0 && this.#riffEnd <= this.#offset);
    const dataBytes = long ?? (unknown ? undefined : bytes);
    this.info = { ...this.#format, dataOffset: this.#offset, dataBytes };
    this.#decoder = new SampleDecoder(this.#format.encoding, this.#format.channels);
    this.#left = dataBytes ?? Number.POSITIVE_INFINITY;
    this.#state = dataBytes === 0 ? "after" : "data";
  }
}

/** @param head at least the first four bytes; the form type is looked at once it is there. */
function requireWave(head: Uint8Array, wanted: string): void {
  const id = fourLetters(head);
  const form = fourLetters(head.subarray(8));
  if ((id === "RIFF" || id === "RF64") && (form === "WAVE" || head.length < 12)) return;
  throw new EngineError("AUDIO_NOT_RECOGNISED", `${describeBytes(head)}; wanted ${wanted}`);
}

const fourLetters = (bytes: Uint8Array): string => String.fromCharCode(...bytes.subarray(0, 4));
