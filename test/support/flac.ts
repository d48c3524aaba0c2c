import type { AudioFormat } from "#engine/plugin";

const BLOCK_SAMPLES = 4096;

/** Writes a FLAC file with fixed prediction and Rice codes, so that tests need no encoder of others. See RFC 9639. */
export function encodeFlac(pcm: Int16Array, { sampleRateHz, channels }: AudioFormat): Uint8Array<ArrayBuffer> {
  const total = pcm.length / channels;
  const info = new Bits();
  info.put(BLOCK_SAMPLES, 16);
  info.put(BLOCK_SAMPLES, 16);
  info.put(0, 48); // the sizes of frames, unknown
  info.put(sampleRateHz, 20);
  info.put(channels - 1, 3);
  info.put(15, 5);
  info.put(total, 36);
  for (let i = 0; i < 8; i++) info.put(0, 16); // no checksum of the samples
  const frames: Uint8Array[] = [];
  for (let at = 0, number = 0; at < total; at += BLOCK_SAMPLES, number++)
    frames.push(frame(pcm.subarray(at * channels, (at + BLOCK_SAMPLES) * channels), channels, sampleRateHz, number));
  const head = Uint8Array.of(0x66, 0x4c, 0x61, 0x43, 0x80, 0, 0, 34);
  return new Uint8Array(Buffer.concat([head, info.bytes(), ...frames]));
}

function frame(pcm: Int16Array, channels: number, rateHz: number, number: number): Uint8Array {
  const samples = pcm.length / channels;
  const head = new Bits();
  head.put(0x3ffe << 2, 16); // sync, a fixed block size
  head.put(7, 4); // the number of samples stands in 16 bits below
  head.put(13, 4); // the rate stands in 16 bits below
  head.put(channels - 1, 4);
  head.put(4 << 1, 4); // 16 bits
  for (const byte of utf8(number)) head.put(byte, 8);
  head.put(samples - 1, 16);
  head.put(rateHz, 16);
  const headBytes = head.bytes();
  const body = new Bits();
  for (const byte of headBytes) body.put(byte, 8);
  body.put(crc(headBytes, 8, 0x07), 8);
  for (let channel = 0; channel < channels; channel++)
    subframe(
      body,
      Int32Array.from({ length: samples }, (_, i) => pcm[i * channels + channel]!),
    );
  const bytes = body.bytes();
  const sum = crc(bytes, 16, 0x8005);
  return Buffer.concat([bytes, Uint8Array.of(sum >> 8, sum & 255)]);
}

function subframe(out: Bits, values: Int32Array): void {
  if (values.length < 3) {
    out.put(0b00000010, 8); // verbatim
    for (const value of values) out.put(value & 0xffff, 16);
    return;
  }
  out.put(0b00010100, 8); // fixed prediction of order 2
  out.put(values[0]! & 0xffff, 16);
  out.put(values[1]! & 0xffff, 16);
  const residuals = Array.from(values.subarray(2), (value, i) => value - 2 * values[i + 1]! + values[i]!);
  const folded = residuals.map((value) => (value < 0 ? -2 * value - 1 : 2 * value));
  const mean = folded.reduce((sum, value) => sum + value, 0) / folded.length;
  const rice = Math.max(0, Math.min(14, Math.round(Math.log2(mean + 1))));
  out.put(0, 6); // parameters of four bits, one partition
  out.put(rice, 4);
  for (const value of folded) {
    for (let ones = value >> rice; ones > 0; ones--) out.put(0, 1);
    out.put(1, 1);
    out.put(value & ((1 << rice) - 1), rice);
  }
}

function utf8(number: number): number[] {
  if (number < 0x80) return [number];
  if (number < 0x800) return [0xc0 | (number >> 6), 0x80 | (number & 63)];
  return [0xe0 | (number >> 12), 0x80 | ((number >> 6) & 63), 0x80 | (number & 63)];
}

function crc(bytes: Uint8Array, width: 8 | 16, polynomial: number): number {
  const top = 1 << (width - 1);
  let value = 0;
  for (const byte of bytes) {
    value ^= byte << (width - 8);
    for (let bit = 0; bit < 8; bit++) value = value & top ? (value << 1) ^ polynomial : value << 1;
    value &= (1 << width) - 1;
  }
  return value;
}

/** Bits, the highest first; the last byte is filled up with zeros. */
class Bits {
  readonly #bytes: number[] = [];
  #byte = 0;
  #count = 0;

  put(value: number, width: number): void {
    for (let bit = width - 1; bit >= 0; bit--) {
      this.#byte = (this.#byte << 1) | (Math.floor(value / 2 ** bit) & 1);
      if (++this.#count < 8) continue;
      this.#bytes.push(this.#byte);
      this.#byte = 0;
      this.#count = 0;
    }
  }

  bytes(): Uint8Array {
    const rest = this.#count > 0 ? [this.#byte << (8 - this.#count)] : [];
    return Uint8Array.from([...this.#bytes, ...rest]);
  }
}
