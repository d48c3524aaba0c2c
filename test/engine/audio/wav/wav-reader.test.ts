import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { encodeWav, type WavEnd, type WavInfo, WavReader } from "#engine/audio";
import { concat, counting } from "#test/signals";
import { chunk, data, type Fmt, fmt, wavBytes } from "#test/wav-bytes";

interface ReadWav {
  readonly info: WavInfo | undefined;
  readonly pcm: number[];
  readonly end: WavEnd;
}

function read(bytes: Uint8Array, cuts: readonly number[] = [bytes.length || 1]): ReadWav {
  const reader = new WavReader();
  const parts: Int16Array[] = [];
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const length = cuts[i % cuts.length] ?? 1;
    parts.push(reader.push(bytes.subarray(at, at + length)));
    at += length;
  }
  return { end: reader.end(), info: reader.info, pcm: [...concat(...parts)] };
}

const failsWith = (bytes: Uint8Array, code: string, says: RegExp) =>
  expect(() => read(bytes)).toThrow(expect.objectContaining({ code, message: expect.stringMatching(says) }));

describe("headers that are read", () => {
  const LIST = chunk("LIST", [1, 2, 3, 4, 5]);
  test.each([
    { name: "the plain one", bytes: wavBytes({ chunks: [fmt(), data([1, 2])] }), offset: 44, dataBytes: 4 },
    {
      name: "with an odd chunk before",
      bytes: wavBytes({ chunks: [LIST, fmt(), data([1, 2])] }),
      offset: 58,
      dataBytes: 4,
    },
    {
      name: "with chunks between and behind",
      bytes: wavBytes({ chunks: [fmt(), LIST, data([1, 2]), LIST] }),
      offset: 58,
      dataBytes: 4,
    },
    {
      name: "extensible",
      bytes: wavBytes({ chunks: [fmt({ extensible: true }), data([1, 2])] }),
      offset: 68,
      dataBytes: 4,
    },
    { name: "length 0 of a pipe", bytes: wavBytes({ riffBytes: 0, chunks: [fmt(), data([1, 2], 0)] }), offset: 44 },
    {
      name: "length 0 in a header written for nothing",
      bytes: wavBytes({ riffBytes: 36, chunks: [fmt(), data([1, 2], 0)] }),
      offset: 44,
    },
    {
      name: "all bits set",
      bytes: wavBytes({ riffBytes: 0xffffffff, chunks: [fmt(), data([1, 2], 0xffffffff)] }),
      offset: 44,
    },
    {
      name: "espeak-ng's pipe",
      bytes: wavBytes({ riffBytes: 0x7ffff024, chunks: [fmt(), data([1, 2], 0x7ffff000)] }),
      offset: 44,
    },
    {
      name: "arecord's pipe",
      bytes: wavBytes({ riffBytes: 0x80000024, chunks: [fmt(), data([1, 2], 0x80000000)] }),
      offset: 44,
    },
  ])("$name", ({ bytes, offset, dataBytes }) => {
    const { info, pcm, end } = read(bytes);
    expect(info).toEqual({ sampleRateHz: 16000, channels: 1, encoding: "s16le", dataOffset: offset, dataBytes });
    expect(pcm).toEqual([1, 2]);
    expect(end).toEqual({ dataBytes: 4 });
  });

  test.each<{ given: Fmt; encoding: string; body: number[]; pcm: number[] }>([
    { given: { bits: 8 }, encoding: "u8", body: [128, 255], pcm: [0, 32512] },
    { given: { bits: 24 }, encoding: "s24le", body: [0, 1, 2], pcm: [0x201] },
    { given: { bits: 20, extensible: true }, encoding: "s24le", body: [0, 1, 2], pcm: [0x201] },
    { given: { bits: 32 }, encoding: "s32le", body: [0, 0, 1, 2], pcm: [0x201] },
    { given: { bits: 32, tag: 3 }, encoding: "f32le", body: [0, 0, 0, 0x3f], pcm: [16384] },
    {
      given: { bits: 64, tag: 3, extensible: true },
      encoding: "f64le",
      body: [0, 0, 0, 0, 0, 0, 0xe0, 0x3f],
      pcm: [16384],
    },
    { given: { bits: 8, tag: 6 }, encoding: "alaw", body: [0xd5, 0xaa], pcm: [8, 32256] },
    { given: { bits: 8, tag: 7 }, encoding: "mulaw", body: [0xff, 0x80], pcm: [0, 32124] },
    { given: { channels: 2, rateHz: 7000 }, encoding: "s16le", body: [1, 0, 2, 0], pcm: [1, 2] },
  ])("$encoding of $given.bits bits", ({ given, encoding, body, pcm }) => {
    const found = read(wavBytes({ chunks: [fmt(given), chunk("data", body)] }));
    expect(found.info?.encoding as string).toBe(encoding);
    expect(found.pcm).toEqual(pcm);
  });

  test("RF64 takes the length of its data from ds64", () => {
    const ds64 = chunk("ds64", [...new Array(8).fill(0), 4, 0, 0, 0, 0, 0, 0, 0, ...new Array(12).fill(0)]);
    const bytes = wavBytes({
      riff: "RF64",
      riffBytes: 0xffffffff,
      chunks: [ds64, fmt(), data([1, 2], 0xffffffff), chunk("LIST", [9, 9])],
    });
    expect(read(bytes)).toMatchObject({ pcm: [1, 2], info: { dataBytes: 4 }, end: { dataBytes: 4 } });
  });

  test("an honest length of 0 is no audio, and what follows is no sample", () => {
    const bytes = wavBytes({ chunks: [fmt(), data([]), chunk("LIST", [1, 2, 3, 4])] });
    expect(read(bytes)).toMatchObject({ pcm: [], info: { dataBytes: 0 }, end: { dataBytes: 0 } });
  });
});

describe("recordings that break off", () => {
  test("the samples that are there come out, and the end says how many were promised", () => {
    const bytes = wavBytes({ chunks: [fmt(), data([1, 2, 3], 1000)] });
    expect(read(bytes)).toMatchObject({ pcm: [1, 2, 3], end: { dataBytes: 6, truncated: { declaredBytes: 1000 } } });
  });

  test("half a sample at the end is no audio", () => {
    const whole = wavBytes({ chunks: [fmt(), data([1, 2, 3])] });
    const { pcm, end } = read(whole.subarray(0, whole.length - 1));
    expect(pcm).toEqual([1, 2]);
    expect(end).toEqual({ dataBytes: 4, truncated: { declaredBytes: 6 } });
  });

  test.each([12, 20, 36, 40])("a header of %i bytes is truncated", (length) => {
    failsWith(
      wavBytes({ chunks: [fmt(), data([1])] }).subarray(0, length),
      "AUDIO_TRUNCATED",
      /header breaks off after \d+ bytes/,
    );
  });

  test("no byte is empty", () => failsWith(new Uint8Array(0), "AUDIO_EMPTY", /0 bytes/));
});

describe("what is no WAV of ours", () => {
  test.each([
    { name: "MP3", bytes: Uint8Array.of(0x49, 0x44, 0x33, 4, 0, 0), says: /looks like MP3; wanted WAV/ },
    { name: "three bytes", bytes: Uint8Array.of(82, 73, 70), says: /3 bytes, too few/ },
    { name: "an AVI", bytes: new TextEncoder().encode("RIFF    AVI LIST"), says: /holds "AVI "/ },
    {
      name: "a fmt chunk of 4 bytes",
      bytes: wavBytes({ chunks: [chunk("fmt ", [1, 0, 1, 0]), data([1])] }),
      says: /fmt chunk of 4 bytes/,
    },
    {
      name: "a fmt chunk of 1 GB",
      bytes: wavBytes({ chunks: [chunk("fmt ", [1, 0], 1e9)] }),
      says: /fmt chunk of 1000000000 bytes/,
    },
  ])("$name is not recognised", ({ bytes, says }) => failsWith(bytes, "AUDIO_NOT_RECOGNISED", says));

  test.each<{ given: Fmt; says: RegExp }>([
    { given: { rateHz: 1 }, says: /1 Hz; wanted .* 1000 to 384000 Hz/ },
    { given: { rateHz: 768_000 }, says: /768000 Hz/ },
    { given: { channels: 0 }, says: /0 channels; wanted 1 to 32/ },
    { given: { channels: 200 }, says: /200 channels/ },
    { given: { tag: 2, bits: 4 }, says: /Microsoft ADPCM of 4 bits; wanted PCM/ },
    { given: { tag: 85, bits: 0 }, says: /MP3 of 0 bits/ },
    { given: { tag: 0x1234 }, says: /format 0x1234/ },
    { given: { tag: 3, bits: 16 }, says: /float of 16 bits/ },
    { given: { tag: 6, bits: 16 }, says: /A-law of 16 bits/ },
    { given: { bits: 40 }, says: /PCM of 40 bits/ },
    { given: { channels: 2, tupleBytes: 2 }, says: /2 bytes for each sample of 2 channels at 16 bits; wanted 4/ },
  ])("$says is why it is not supported", ({ given, says }) =>
    failsWith(wavBytes({ chunks: [fmt(given), data([1])] }), "AUDIO_FORMAT_UNSUPPORTED", says),
  );

  test("data before its fmt chunk is not supported", () =>
    failsWith(wavBytes({ chunks: [data([1]), fmt()] }), "AUDIO_FORMAT_UNSUPPORTED", /stands before its fmt/));
});

test("what was encoded is read back, whatever the chunks", () => {
  fc.assert(
    fc.property(
      fc.record({
        channels: fc.integer({ min: 1, max: 3 }),
        sampleRateHz: fc.constantFrom(8000, 22050, 48000),
        tuples: fc.integer({ min: 0, max: 300 }),
        cuts: fc.array(fc.integer({ min: 1, max: 70 }), { minLength: 1, maxLength: 6 }),
      }),
      ({ channels, sampleRateHz, tuples, cuts }) => {
        const pcm = counting(tuples * channels, -50);
        const found = read(encodeWav(pcm, { sampleRateHz, channels }), cuts);
        expect(found.pcm).toEqual([...pcm]);
        expect(found.info).toMatchObject({ sampleRateHz, channels });
        expect(found.end).toEqual({ dataBytes: pcm.length * 2 });
      },
    ),
  );
});

test("any bytes are read or refused with a code of audio", () => {
  const header = fc.constantFrom(
    ...[16, 40, 44].map((length) => wavBytes({ chunks: [fmt(), data([1])] }).subarray(0, length)),
  );
  fc.assert(
    fc.property(header, fc.uint8Array({ maxLength: 60 }), fc.nat(43), fc.nat(255), (head, tail, at, value) => {
      const bytes = Uint8Array.from([...head, ...tail]);
      if (at < bytes.length) bytes[at] = value;
      try {
        read(bytes);
      } catch (error) {
        expect(error).toMatchObject({ name: "EngineError", code: expect.stringMatching(/^AUDIO_/) });
      }
    }),
    { numRuns: 500 },
  );
});
