import { expect, test } from "bun:test";
import { HeardUtterance } from "../../../../engine/plugin/hearing/heard-utterance.ts";

const utteranceAt = (startSample: number) =>
  new HeardUtterance({ id: "u", startSample, sampleRateHz: 16_000, stable: (text) => Math.max(0, text.length - 4) });

const word = (startSample: number, endSample: number) => ({ text: "word", startSample, endSample });

test.each<{ name: string; pieces: [number, number][]; heard: [number, number]; placed: [number, number] }>([
  { name: "from the stream's start", pieces: [[0, 4000]], heard: [1600, 3200], placed: [1600, 3200] },
  { name: "in the middle of a stream", pieces: [[80_000, 4000]], heard: [1600, 3200], placed: [81_600, 83_200] },
  {
    name: "over pieces that follow each other",
    pieces: [
      [1000, 320],
      [1320, 320],
    ],
    heard: [160, 480],
    placed: [1160, 1480],
  },
  {
    name: "behind a gap",
    pieces: [
      [0, 1600],
      [8000, 1600],
    ],
    heard: [1760, 2080],
    placed: [8160, 8480],
  },
  {
    name: "before a gap, which is not a part of it",
    pieces: [
      [0, 1600],
      [8000, 1600],
    ],
    heard: [800, 1600],
    placed: [800, 1600],
  },
  { name: "cut at the end of what was heard", pieces: [[500, 1000]], heard: [640, 1120], placed: [1140, 1500] },
])("a word $name is placed on the stream", ({ pieces, heard, placed }) => {
  const utterance = utteranceAt(pieces[0]![0]);
  for (const [at, samples] of pieces) utterance.hear(at, samples);
  const [found] = utterance.final({ text: "word", words: [word(...heard)] }).words ?? [];
  expect([found?.startSample, found?.endSample]).toEqual(placed);
});

test("a revision comes with each change, and the final after them", () => {
  const utterance = utteranceAt(100);
  expect(utterance.partial("")).toBeUndefined();
  utterance.hear(100, 1600);
  const first = utterance.partial("go");
  expect(utterance.partial("go")).toBeUndefined();
  utterance.hear(1700, 1600);
  const second = utterance.partial("go for");
  const final = utterance.final({ text: "go", words: [{ text: "go", startSample: 0, endSample: 160 }] }, 3000);
  expect([first, second, final].map((frame) => [frame?.revision, frame?.text, frame?.final])).toEqual([
    [1, "go", false],
    [2, "go for", false],
    [3, "go", true],
  ]);
  expect([first?.endSample, second?.endSample, final.endSample]).toEqual([1700, 3300, 3000]);
  expect([first?.stableChars, second?.stableChars, final.stableChars]).toEqual([0, 2, 2]);
  for (const frame of [first, second, final]) expect([frame?.utterance, frame?.startSample]).toEqual(["u", 100]);
});
