import { expect, test } from "bun:test";
import { applyGain, levelDbfs } from "#engine/audio";
import { silence, tone } from "#test/signals";

test.each([
  { name: "a square wave of full scale is 0", pcm: Int16Array.of(-32768, -32768), dbfs: 0 },
  { name: "a sine of full scale is 3 dB below", pcm: tone({ ms: 1000, hz: 1000, peak: 32767 }), dbfs: -3.01 },
  { name: "half of that is 9 dB below", pcm: tone({ ms: 1000, hz: 1000, peak: 16384 }), dbfs: -9.03 },
])("$name", ({ pcm, dbfs }) => {
  expect(levelDbfs(pcm)).toBeCloseTo(dbfs, 2);
});

test.each([{ pcm: silence({ ms: 10 }) }, { pcm: new Int16Array(0) }])(
  "silence and nothing have no level",
  ({ pcm }) => {
    expect(levelDbfs(pcm)).toBe(Number.NEGATIVE_INFINITY);
  },
);

test.each<{ db: number; out: number[] }>([
  { db: 0, out: [1000, -1000, 32767] },
  { db: 6, out: [1995, -1995, 32767] },
  { db: -20, out: [100, -100, 3277] },
])("$db dB change the level, and saturate", ({ db, out }) => {
  expect([...applyGain(Int16Array.of(1000, -1000, 32767), db)]).toEqual(out);
});
