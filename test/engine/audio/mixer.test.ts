import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { type Mixed, Mixer, type MixerOptions } from "#engine/audio";
import { concat, counting, noise } from "#test/signals";

const mixer = (options: Partial<MixerOptions> = {}) =>
  new Mixer({ sampleRateHz: 16000, channels: 1, gainsDb: [0, 0], frameSamples: 4, maxHeldSamples: 1000, ...options });

function drain(from: Mixer): Mixed[] {
  const all: Mixed[] = [];
  for (let mixed = from.next(); mixed; mixed = from.next()) all.push(mixed);
  return all;
}

const shown = (mixed: readonly Mixed[]) => mixed.map(({ pcm, startSample }) => [startSample, ...pcm]);

describe("Mixer", () => {
  test("samples of one position are added", () => {
    const sum = mixer();
    sum.push(0, Int16Array.of(1, 2, 3, 4), 0);
    expect(drain(sum)).toEqual([]);
    sum.push(1, Int16Array.of(10, 20, 30, 40), 0);
    expect(shown(drain(sum))).toEqual([[0, 11, 22, 33, 44]]);
  });

  test("a stream that starts later falls in its place", () => {
    const sum = mixer();
    sum.push(0, counting(8, 1), 0);
    sum.push(1, Int16Array.of(100, 100), 6);
    expect(shown(drain(sum))).toEqual([
      [0, 1, 2, 3, 4],
      [4, 5, 6, 107, 108],
    ]);
  });

  test("an input that has ended is silent, and the last frame may be shorter", () => {
    const sum = mixer();
    sum.end(1);
    sum.push(0, counting(6, 1), 0);
    expect(shown(drain(sum))).toEqual([[0, 1, 2, 3, 4]]);
    sum.end(0);
    expect(shown(drain(sum))).toEqual([[4, 5, 6]]);
  });

  test("where no input has anything there is a gap, not silence", () => {
    const sum = mixer();
    sum.push(0, Int16Array.of(1, 1), 0);
    sum.push(1, Int16Array.of(2, 2), 1_000_000);
    sum.end(0);
    sum.end(1);
    expect(shown(drain(sum))).toEqual([
      [0, 1, 1],
      [1_000_000, 2, 2],
    ]);
  });

  test("gains apply to their own input; what is too loud saturates and is counted", () => {
    const sum = mixer({ gainsDb: [0, -20] });
    sum.push(0, Int16Array.of(32767, -32768, 100, 0), 0);
    sum.push(1, Int16Array.of(1000, -1000, 1000, 1000), 0);
    expect(drain(sum)).toEqual([{ pcm: Int16Array.of(32767, -32768, 200, 100), startSample: 0, clipped: 2 }]);
  });

  test("an input that keeps another waiting too long is taken as silent, and what it brings too late is counted", () => {
    const sum = mixer({ maxHeldSamples: 8 });
    expect(sum.push(0, counting(8, 1), 0)).toBe(0);
    expect(drain(sum)).toEqual([]);
    sum.push(0, counting(4, 9), 8);
    expect(shown(drain(sum))).toEqual([[0, 1, 2, 3, 4]]);
    expect(sum.push(1, new Int16Array(8).fill(100), 0)).toBe(4);
    expect(shown(drain(sum))).toEqual([[4, 105, 106, 107, 108]]);
  });

  test("audio far ahead of the others makes nobody late", () => {
    const sum = mixer({ maxHeldSamples: 8 });
    sum.push(1, Int16Array.of(7, 7, 7, 7), 1_000_000);
    expect(sum.push(0, counting(4, 1), 0)).toBe(0);
    expect(shown(drain(sum))).toEqual([[0, 1, 2, 3, 4]]);
  });

  test("an input's own overlap is left out and counted", () => {
    const sum = mixer();
    sum.end(1);
    sum.push(0, counting(4, 1), 0);
    expect(sum.push(0, counting(4, 50), 2)).toBe(2);
    sum.end(0);
    expect(shown(drain(sum)).flatMap(([, ...pcm]) => pcm)).toEqual([1, 2, 3, 4, 52, 53]);
  });

  test("the sum does not depend on how the inputs are cut or whose turn it is", () => {
    const inputs = [noise({ ms: 10, seed: 1, peak: 30000 }), noise({ ms: 8, seed: 2, peak: 30000 })];
    const expected = inputs[0]!.map((sample, i) => Math.max(-32768, Math.min(32767, sample + (inputs[1]![i] ?? 0))));
    fc.assert(
      fc.property(
        fc.array(fc.record({ index: fc.nat(1), length: fc.integer({ min: 1, max: 60 }) }), { maxLength: 20 }),
        fc.integer({ min: 1, max: 50 }),
        (pushes, frameSamples) => {
          const sum = mixer({ frameSamples });
          const at = [0, 0];
          const mixed: Mixed[] = [];
          for (const { index, length } of [...pushes, { index: 0, length: 1000 }, { index: 1, length: 1000 }]) {
            const pcm = inputs[index]!.subarray(at[index], at[index]! + length);
            expect(sum.push(index, pcm, at[index]!)).toBe(0);
            at[index]! += pcm.length;
            mixed.push(...drain(sum));
          }
          sum.end(0);
          sum.end(1);
          mixed.push(...drain(sum));
          expect(concat(...mixed.map(({ pcm }) => pcm))).toEqual(expected);
        },
      ),
    );
  });
});
