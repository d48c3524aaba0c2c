import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { Resampler, resampleFilter } from "#engine/audio";
import { rescaleSamples } from "#engine/frames";
import { chunked, concat, fitTone, interleave, noise, tone } from "#test/signals";

interface Rates {
  readonly fromHz: number;
  readonly toHz: number;
}

function resample(
  pcm: Int16Array,
  options: Rates & { channels?: number; startSample?: number },
  chunks = [pcm.length || 1],
) {
  const resampler = new Resampler(options);
  const parts = chunked(pcm, chunks).map((chunk) => resampler.push(chunk));
  return concat(...parts, resampler.flush());
}

const RATES = [8000, 11025, 16000, 22050, 24000, 32000, 44100, 48000];
const rates = fc.record({ fromHz: fc.constantFrom(...RATES), toHz: fc.constantFrom(...RATES) });

describe("a pure tone", () => {
  test.each([
    { fromHz: 48000, toHz: 16000, snrDb: 88 },
    { fromHz: 44100, toHz: 16000, snrDb: 79 },
    { fromHz: 22050, toHz: 16000, snrDb: 80 },
    { fromHz: 8000, toHz: 16000, snrDb: 78 },
    { fromHz: 16000, toHz: 8000, snrDb: 88 },
    { fromHz: 16000, toHz: 48000, snrDb: 78 },
    { fromHz: 16000, toHz: 22050, snrDb: 78 },
  ])("from $fromHz to $toHz Hz keeps its level, its place and $snrDb dB", ({ fromHz, toHz, snrDb }) => {
    const top = Math.min(fromHz, toHz) / 2;
    for (const hz of [0.0523 * top, 0.2511 * top, 0.7513 * top]) {
      const resampled = resample(tone({ ms: 500, hz, rateHz: fromHz }), { fromHz, toHz });
      const fit = fitTone(resampled.subarray(0, resampled.length), hz, toHz);
      // The ends know only one side of the signal; what is between is judged, on the whole's own timeline.
      const middle = fitTone(resampled.subarray(toHz / 50, -toHz / 50), hz, toHz);
      expect(middle.snrDb).toBeGreaterThan(snrDb);
      expect(Math.abs(20 * Math.log10(middle.peak / 16000))).toBeLessThan(0.02);
      expect(Math.abs(fit.lateSamples)).toBeLessThan(0.02);
    }
  });

  test("above the new Nyquist frequency it is 73 dB down", () => {
    for (let hz = 9000; hz < 23000; hz += 1370) {
      const rest = resample(tone({ ms: 200, hz, rateHz: 48000 }), { fromHz: 48000, toHz: 16000 }).subarray(160, -160);
      const power = rest.reduce((sum, sample) => sum + sample * sample, 0) / rest.length;
      expect(10 * Math.log10(power / (16000 ** 2 / 2))).toBeLessThan(-73);
    }
  });

  test("a constant stays that constant at every phase", () => {
    const constant = new Int16Array(4410).fill(12345);
    const middle = resample(constant, { fromHz: 44100, toHz: 16000 }).subarray(100, -100);
    expect(new Set(middle)).toEqual(new Set([12345]));
  });
});

describe("length and position", () => {
  test("input from a to b gives the outputs from one rescaled position to the other", () => {
    fc.assert(
      fc.property(rates, fc.nat(2000), fc.nat(100_000), ({ fromHz, toHz }, count, startSample) => {
        const output = resample(new Int16Array(count), { fromHz, toHz, startSample });
        const [begin, end] = [startSample, startSample + count].map((at) => rescaleSamples(at, fromHz, toHz));
        expect(output.length).toBe(end! - begin!);
      }),
    );
  });

  test.each([
    { fromHz: 48000, toHz: 16000, startSample: 30_000 },
    { fromHz: 16000, toHz: 48000, startSample: 30_000 },
    { fromHz: 22050, toHz: 16000, startSample: 22_050 },
  ])("an impulse stays where it was, from $fromHz to $toHz Hz", ({ fromHz, toHz, startSample }) => {
    const pcm = new Int16Array(3000);
    const at = (startSample * 2) % 1500;
    pcm[at] = 30000;
    const output = resample(pcm, { fromHz, toHz, startSample });
    const peak = output.indexOf(Math.max(...output));
    const position = peak + rescaleSamples(startSample, fromHz, toHz);
    expect(Math.abs(position - ((startSample + at) * toHz) / fromHz)).toBeLessThanOrEqual(0.5);
  });

  test("an output is given as soon as half a filter of input has come after it", () => {
    const resampler = new Resampler({ fromHz: 22050, toHz: 16000 });
    const half = resampleFilter(22050, 16000).tapsPerPhase / 2;
    for (let pushed = 100; pushed < 2000; pushed += 100) {
      resampler.push(new Int16Array(100));
      const times = Array.from({ length: 2000 }, (_, k) => Math.floor((k * 441) / 320));
      expect(resampler.position).toBe(times.filter((time) => time + half < pushed).length);
    }
  });

  test("equal rates change nothing", () => {
    const pcm = noise({ ms: 20, seed: 1 });
    const resampler = new Resampler({ fromHz: 16000, toHz: 16000, startSample: 7 });
    expect(resampler.push(pcm)).toEqual(pcm);
    expect([resampler.position, resampler.flush().length]).toEqual([327, 0]);
  });
});

describe("chunks", () => {
  test("do not change one sample, whatever their lengths", () => {
    fc.assert(
      fc.property(
        rates,
        fc.integer({ min: 1, max: 3 }),
        fc.nat(1500),
        fc.array(fc.integer({ min: 1, max: 700 }), { minLength: 1, maxLength: 6 }),
        (given, channels, tuples, chunks) => {
          const pcm = noise({ ms: (tuples * channels) / 16, seed: tuples, peak: 30000 });
          const whole = resample(pcm, { ...given, channels });
          const parted = resample(
            pcm,
            { ...given, channels },
            chunks.map((length) => length * channels),
          );
          expect(parted).toEqual(whole);
        },
      ),
    );
  });

  test("after a flush the stream goes on where it was, and only what was flushed missed its future", () => {
    const pcm = tone({ ms: 100, hz: 440, rateHz: 48000 });
    const whole = resample(pcm, { fromHz: 48000, toHz: 16000 });
    const resampler = new Resampler({ fromHz: 48000, toHz: 16000 });
    const before = concat(resampler.push(pcm.subarray(0, 2400)), resampler.flush());
    const after = concat(resampler.push(pcm.subarray(2400)), resampler.flush());
    expect([before.length, after.length]).toEqual([800, 800]);
    expect(before.subarray(0, 784)).toEqual(whole.subarray(0, 784));
    expect(after).toEqual(whole.subarray(800));
  });

  test("channels do not touch one another", () => {
    const [left, right] = [noise({ ms: 50, seed: 1 }), noise({ ms: 50, seed: 2 })];
    const both = resample(interleave(left, right), { fromHz: 22050, toHz: 16000, channels: 2 });
    const alone = [left, right].map((pcm) => resample(pcm, { fromHz: 22050, toHz: 16000 }));
    expect(both).toEqual(interleave(...alone));
  });
});

describe("the filter", () => {
  test.each([
    { fromHz: 48000, toHz: 16000, phases: 1, step: 3, tapsPerPhase: 96 },
    { fromHz: 22050, toHz: 16000, phases: 320, step: 441, tapsPerPhase: 48 },
    { fromHz: 8000, toHz: 16000, phases: 2, step: 1, tapsPerPhase: 32 },
  ])("from $fromHz to $toHz Hz has $phases phases of $tapsPerPhase taps", ({ fromHz, toHz, ...shape }) => {
    expect(resampleFilter(fromHz, toHz)).toMatchObject(shape);
  });

  test("every phase sums to 32,768, and no half of one can overflow 32 bits", () => {
    for (const fromHz of RATES)
      for (const toHz of RATES) {
        if (fromHz === toHz) continue;
        const { taps, tapsPerPhase } = resampleFilter(fromHz, toHz);
        for (let row = 0; row < taps.length; row += tapsPerPhase) {
          const weights = [...taps.subarray(row, row + tapsPerPhase)];
          const size = (part: number[]) => part.reduce((sum, weight) => sum + Math.abs(weight), 0);
          const half = tapsPerPhase / 2;
          if (weights.reduce((sum, weight) => sum + weight) !== 32768)
            throw new Error(`${fromHz} to ${toHz}, row ${row}`);
          expect(Math.max(size(weights.slice(0, half)), size(weights.slice(half)))).toBeLessThan(65536);
        }
      }
  });

  test("its taps are pinned, so that another implementation can be held to them", () => {
    const hash = (fromHz: number, toHz: number) =>
      Bun.hash.crc32(new Uint8Array(resampleFilter(fromHz, toHz).taps.buffer));
    expect([hash(48000, 16000), hash(44100, 16000), hash(8000, 16000)]).toEqual([1358462807, 2446673869, 3064654421]);
  });

  test("full-scale squares saturate and do not wrap", () => {
    const square = Int16Array.from({ length: 2000 }, (_, i) => (i % 40 < 20 ? 32767 : -32768));
    const output = resample(square, { fromHz: 8000, toHz: 16000 });
    for (let i = 100; i < 3900; i++) {
      const beside = square[Math.round(i / 2)]!;
      if (square[Math.round(i / 2) - 2] === beside && square[Math.round(i / 2) + 2] === beside)
        expect(Math.sign(output[i]!)).toBe(Math.sign(beside));
    }
    expect(Math.max(...output)).toBe(32767);
  });

  test("rates with nothing in common are refused before they fill the memory", () => {
    expect(() => new Resampler({ fromHz: 383_999, toHz: 384_000 })).toThrow(
      expect.objectContaining({ code: "AUDIO_FORMAT_UNSUPPORTED" }),
    );
  });
});
