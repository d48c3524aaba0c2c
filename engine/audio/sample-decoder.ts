import { decodeALaw, decodeMuLaw } from "./g711.ts";
import { joinBytes } from "./join-bytes.ts";
import { saturate } from "./saturate.ts";

/** How samples lie in bytes. Everything wider than a byte is little-endian; `u8` has its zero at 128, floats reach from -1 to 1. */
export type SampleEncoding = "u8" | "s16le" | "s24le" | "s32le" | "f32le" | "f64le" | "alaw" | "mulaw";

export const BYTES_PER_SAMPLE: Readonly<Record<SampleEncoding, number>> = {
  u8: 1,
  s16le: 2,
  s24le: 3,
  s32le: 4,
  f32le: 4,
  f64le: 8,
  alaw: 1,
  mulaw: 1,
};

const NOTHING = new Uint8Array(0);

/** The bytes of numbers in memory stand in the order of the wire, as on every machine that Bun runs on today. */
const LITTLE_ENDIAN = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

/**
 * Turns bytes in chunks of any length into signed 16-bit samples. What has more than 16 bits is rounded to nearest (half upwards) and
 * saturated; a float that is not a number becomes 0.
 */
export class SampleDecoder {
  /** The beginning of a sample tuple whose end has not come yet. */
  #spare: Uint8Array = NOTHING;
  readonly #tupleBytes: number;

  constructor(
    readonly encoding: SampleEncoding,
    channels: number,
  ) {
    this.#tupleBytes = BYTES_PER_SAMPLE[encoding] * channels;
  }

  /** Bytes that wait for the rest of a sample of all channels; at the end of a stream they are no audio. */
  get spareBytes(): number {
    return this.#spare.length;
  }

  /**
   * @param bytes not kept. The result belongs to the caller and holds whole sample tuples, perhaps none.
   * @param from where the samples begin in `bytes`.
   */
  push(bytes: Uint8Array, from = 0): Int16Array {
    const length = bytes.length - from;
    if (
      this.encoding === "s16le" &&
      length <= SMALL_BYTES &&
      this.#spare.length === 0 &&
      length % this.#tupleBytes === 0
    )
      return copyS16le(bytes, from);
    const these = from === 0 ? bytes : bytes.subarray(from);
    const all = this.#spare.length === 0 ? these : joinBytes(this.#spare, these);
    const whole = all.length - (all.length % this.#tupleBytes);
    this.#spare = whole === all.length ? NOTHING : all.slice(whole);
    return decodeSamples(all.subarray(0, whole), this.encoding);
  }
}

/** Up to here the bytes of a typed array lie in the heap itself, until somebody asks for its buffer. */
const SMALL_BYTES = 1000;

/**
 * Sample by sample, because both ends are small arrays: a view of one has the engine move its bytes into a buffer of their own first, which
 * costs five times what this does, and leaves two more objects behind.
 */
function copyS16le(bytes: Uint8Array, from: number): Int16Array {
  const pcm = new Int16Array((bytes.length - from) >> 1);
  for (let i = 0, at = from; i < pcm.length; i++, at += 2) pcm[i] = bytes[at]! | (bytes[at + 1]! << 8);
  return pcm;
}

/** Whole samples as signed 16 bit, in an array that the caller owns. */
export function decodeSamples(bytes: Uint8Array, encoding: SampleEncoding): Int16Array {
  if (encoding === "alaw") return decodeALaw(bytes);
  if (encoding === "mulaw") return decodeMuLaw(bytes);
  if (encoding === "s16le" && LITTLE_ENDIAN) {
    const buffer = new ArrayBuffer(bytes.length - (bytes.length % 2));
    new Uint8Array(buffer).set(bytes.length === buffer.byteLength ? bytes : bytes.subarray(0, buffer.byteLength));
    return new Int16Array(buffer);
  }
  const size = BYTES_PER_SAMPLE[encoding];
  const pcm = new Int16Array(bytes.length / size);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let i = 0, at = 0; i < pcm.length; i++, at += size) pcm[i] = readSample(view, at, encoding);
  return pcm;
}

/** Signed 16-bit little-endian bytes of the samples, in an array that the caller owns. */
export const encodeS16le = (pcm: Int16Array): Uint8Array => s16leBytes(pcm).slice();

/** The same bytes, and where the machine's own order is that one, no copy of them: they change with the samples. */
export function s16leBytes(pcm: Int16Array): Uint8Array {
  if (LITTLE_ENDIAN) return new Uint8Array(pcm.buffer, pcm.byteOffset, pcm.byteLength);
  const bytes = new Uint8Array(pcm.length * 2);
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < pcm.length; i++) view.setInt16(2 * i, pcm[i]!, true);
  return bytes;
}

function readSample(view: DataView, at: number, encoding: Exclude<SampleEncoding, "alaw" | "mulaw">): number {
  switch (encoding) {
    case "u8":
      return (view.getUint8(at) - 128) << 8;
    case "s16le":
      return view.getInt16(at, true);
    case "s24le":
      return saturate(((view.getInt16(at + 1, true) << 8) + view.getUint8(at) + 128) >> 8);
    case "s32le":
      return saturate(Math.floor((view.getInt32(at, true) + 32768) / 65536));
    case "f32le":
      return fromUnit(view.getFloat32(at, true));
    case "f64le":
      return fromUnit(view.getFloat64(at, true));
  }
}

const fromUnit = (value: number): number => (Number.isNaN(value) ? 0 : saturate(Math.round(value * 32768)));
