import { expect, test } from "bun:test";
import { schedule } from "../../../../plugins/core/cues/schedule.ts";

const rules = { charsPerSecond: 10, minMs: 1000, maxMs: 7000 };

const timed = (cues: readonly (readonly [startMs: number, endMs: number, readingChars: number])[]) =>
  schedule(
    cues.map(([startMs, endMs, readingChars]) => ({ startMs, endMs, readingChars, lines: [`${startMs}`] })),
    rules,
  ).map(({ startMs, endMs }) => [startMs, endMs]);

test.each([
  { name: "speech longer than its reading keeps its time", cues: [[0, 4000, 20]], times: [[0, 4000]] },
  { name: "a cue stays until it can be read", cues: [[0, 1500, 50]], times: [[0, 5000]] },
  { name: "but not longer than the longest time", cues: [[0, 1500, 90]], times: [[0, 7000]] },
  {
    name: "and only up to the next cue",
    cues: [
      [0, 1500, 50],
      [3000, 4000, 5],
    ],
    times: [
      [0, 3000],
      [3000, 4000],
    ],
  },
  { name: "a short cue is stretched to the shortest time", cues: [[500, 600, 2]], times: [[500, 1500]] },
  {
    name: "cues are in order of time",
    cues: [
      [5000, 6000, 1],
      [0, 1000, 1],
    ],
    times: [
      [0, 1000],
      [5000, 6000],
    ],
  },
  {
    name: "speech at once makes the later cue begin late",
    cues: [
      [0, 4000, 10],
      [400, 3000, 10],
    ],
    times: [
      [0, 1000],
      [1000, 3000],
    ],
  },
  {
    name: "texts without times follow each other",
    cues: [
      [0, 0, 5],
      [0, 0, 5],
      [0, 0, 20],
    ],
    times: [
      [0, 1000],
      [1000, 2000],
      [2000, 4000],
    ],
  },
  {
    name: "times are rounded to the nearest millisecond",
    cues: [
      [0.4, 1999.6, 1],
      [2000.5, 3000.5, 1],
    ],
    times: [
      [0, 2000],
      [2001, 3001],
    ],
  },
] as { name: string; cues: [number, number, number][]; times: [number, number][] }[])("$name", ({ cues, times }) => {
  expect(timed(cues)).toEqual(times);
});
