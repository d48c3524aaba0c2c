import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { noise, Tape, tone } from "../../../../engine/testing/workflows/tape.ts";

const ramp = (from: number, count: number) => Int16Array.from({ length: count }, (_, i) => from + i);
const joined = (frames: Iterable<Int16Array>) => [...frames].flatMap((pcm) => [...pcm]);

describe("a tape", () => {
  test("gives all of its samples in frames of one length, whatever its stretches", () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 700 }), { minLength: 1, maxLength: 8 }),
        fc.constantFrom(8000, 11_025, 16_000),
        fc.constantFrom(10, 20, 25),
        (lengths, sampleRateHz, frameMs) => {
          let from = 0;
          const stretches = lengths.map((length) => {
            from += length;
            return ramp(from - length, length);
          });
          const tape = new Tape({ sampleRateHz, channels: 1 }, stretches);
          const frames = [...tape.frames(frameMs)];
          expect(joined(frames)).toEqual([...ramp(0, from)]);
          const usual = (sampleRateHz * frameMs) / 1000;
          expect(frames.slice(0, -1).every((pcm) => Math.abs(pcm.length - usual) < 1)).toBe(true);
        },
      ),
    );
  });

  test("hands out views of what it has, where a frame lies in one stretch", () => {
    const pcm = ramp(0, 3200);
    const [first] = new Tape({ sampleRateHz: 16_000, channels: 1 }, [pcm, pcm]).frames(20);
    expect(first?.buffer).toBe(pcm.buffer);
  });

  test("can be cut, and what lies beyond its end is not there", () => {
    const tape = new Tape({ sampleRateHz: 1000, channels: 2 }, [ramp(0, 20), ramp(20, 20)]);
    expect(joined(tape.between(5, 12).frames(1))).toEqual([...ramp(10, 14)]);
    expect(tape.between(15, 99).samples).toBe(5);
    expect(tape.between(50, 99).samples).toBe(0);
    expect(tape.between(0, 99)).toBe(tape);
  });

  test("changes rate and channels as a whole", () => {
    const tape = new Tape({ sampleRateHz: 8000, channels: 2 }, [new Int16Array(1600), new Int16Array(1600)]);
    const other = tape.as({ sampleRateHz: 16_000, channels: 1 });
    expect({ ...other.format, samples: other.samples }).toEqual({ sampleRateHz: 16_000, channels: 1, samples: 3200 });
    expect(tape.as(tape.format)).toBe(tape);
  });
});

test.each([
  { what: "a tone", make: (levelDb: number) => tone(1000, 440, 16_000, levelDb) },
  { what: "noise", make: (levelDb: number) => noise(1000, 16_000, levelDb) },
])("$what has the level that is asked for", ({ make }) => {
  for (const levelDb of [-40, -20, -6]) {
    const pcm = make(levelDb);
    const power = pcm.reduce((sum, sample) => sum + sample * sample, 0) / pcm.length;
    expect(10 * Math.log10(power / 32_768 ** 2)).toBeCloseTo(levelDb, 0);
  }
  expect(make(-20)).toEqual(make(-20));
});
