import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { decodeSamples, encodeS16le, SampleDecoder, type SampleEncoding } from "#engine/audio";
import { concat, noise } from "#test/signals";

/** Little-endian numbers of one width, each written by `put`. */
function bytesOf(width: number, values: readonly number[], put: (view: DataView, at: number, value: number) => void) {
  const bytes = new Uint8Array(width * values.length);
  const view = new DataView(bytes.buffer);
  for (const [i, value] of values.entries()) put(view, i * width, value);
  return bytes;
}
const doubles = (...values: number[]) => bytesOf(8, values, (view, at, value) => view.setFloat64(at, value, true));
const floats = (...values: number[]) => bytesOf(4, values, (view, at, value) => view.setFloat32(at, value, true));
const longs = (...values: number[]) => bytesOf(4, values, (view, at, value) => view.setInt32(at, value, true));

describe("decodeSamples", () => {
  test.each<{ encoding: SampleEncoding; bytes: Uint8Array; pcm: number[] }>([
    { encoding: "u8", bytes: Uint8Array.of(0, 128, 255), pcm: [-32768, 0, 32512] },
    { encoding: "s16le", bytes: Uint8Array.of(0x00, 0x80, 0xff, 0x7f, 0x34, 0x12), pcm: [-32768, 32767, 0x1234] },
    { encoding: "s24le", bytes: Uint8Array.of(0x7f, 0x34, 0x12, 0x80, 0x34, 0x12), pcm: [0x1234, 0x1235] },
    {
      encoding: "s24le",
      bytes: Uint8Array.of(0xff, 0xff, 0x7f, 0, 0, 0x80, 0xff, 0xff, 0xff),
      pcm: [32767, -32768, 0],
    },
    {
      encoding: "s32le",
      bytes: longs(0x7fffffff, -(2 ** 31), 0x12347fff, 0x12348000, -32769),
      pcm: [32767, -32768, 0x1234, 0x1235, -1],
    },
    { encoding: "f32le", bytes: floats(1, -1, 0.5, 3, -3, Number.NaN), pcm: [32767, -32768, 16384, 32767, -32768, 0] },
    { encoding: "f64le", bytes: doubles(0.25, Number.POSITIVE_INFINITY, 1.4 / 32768), pcm: [8192, 32767, 1] },
    { encoding: "mulaw", bytes: Uint8Array.of(0xff, 0x00, 0x80), pcm: [0, -32124, 32124] },
    { encoding: "alaw", bytes: Uint8Array.of(0xd5, 0x2a, 0xaa), pcm: [8, -32256, 32256] },
  ])("$encoding: $pcm", ({ encoding, bytes, pcm }) => {
    expect([...decodeSamples(bytes, encoding)]).toEqual(pcm);
  });

  test("16 bits survive encoding and decoding at any place in a buffer", () => {
    const pcm = noise({ ms: 10, seed: 3, peak: 32767 });
    const moved = new Uint8Array(pcm.length * 2 + 1);
    moved.set(encodeS16le(pcm), 1);
    expect(decodeSamples(moved.subarray(1), "s16le")).toEqual(pcm);
  });
});

test("a decoder gives the same samples whatever the chunks, and keeps an incomplete end", () => {
  const encodings = fc.constantFrom<SampleEncoding>("u8", "s16le", "s24le", "s32le", "f32le", "alaw");
  const sizes = { u8: 1, s16le: 2, s24le: 3, s32le: 4, f32le: 4, f64le: 8, alaw: 1, mulaw: 1 };
  fc.assert(
    fc.property(
      encodings,
      fc.integer({ min: 1, max: 3 }),
      fc.uint8Array({ maxLength: 200 }),
      fc.array(fc.integer({ min: 1, max: 17 }), { minLength: 1 }),
      (encoding, channels, bytes, cuts) => {
        const decoder = new SampleDecoder(encoding, channels);
        const tuple = sizes[encoding] * channels;
        const parts: Int16Array[] = [];
        for (let at = 0, i = 0; at < bytes.length; at += cuts[i++ % cuts.length]!)
          parts.push(decoder.push(bytes.subarray(at, at + cuts[i % cuts.length]!)));
        expect(decoder.spareBytes).toBe(bytes.length % tuple);
        expect(concat(...parts)).toEqual(
          decodeSamples(bytes.subarray(0, bytes.length - (bytes.length % tuple)), encoding),
        );
      },
    ),
  );
});
