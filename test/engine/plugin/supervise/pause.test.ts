import { expect, test } from "bun:test";
import type { AudioFrame, Frame } from "#engine/plugin";
import { cutAtPause } from "../../../../engine/plugin/supervise/pause.ts";

const RATE = 16_000;

/** Frames of `frameMs`, a letter each 20 ms: v is voice, s is silence, h a hum that is 30 dB softer than voice. */
function heard(letters: string, frameMs = 20): AudioFrame[] {
  const pcm = [...letters].flatMap((letter) =>
    Array.from({ length: 320 }, (_, i) => ({ v: 8000, h: 250, s: 0 })[letter as "v"]! * (i % 2 === 0 ? 1 : -1)),
  );
  const size = (frameMs * RATE) / 1000;
  return Array.from({ length: pcm.length / size }, (_, i) => ({
    kind: "audio",
    pcm: Int16Array.from(pcm.slice(i * size, (i + 1) * size)),
    sampleRateHz: RATE,
    channels: 1,
    startSample: i * size,
  }));
}

const cut = (frames: readonly Frame[], untilMs: number) => cutAtPause((i) => frames[i], frames.length, untilMs * 1000);

test.each([
  ["where a word ends", "vvvvsssssvvvv", 80, 4, false],
  ["in a silence", "vvvvsssssvvvv", 130, 6, false],
  ["where a word begins", "vvvvsssssvvvv", 180, 9, false],
  ["within a word", "vvvvsssssvvvv", 220, 4, true],
  ["within a frame of a word", "vvvvsssssvvvv", 210, 4, true],
  ["within a word behind a silence too short for a pause", "vvvvsssvvvv", 180, 0, true],
  ["within a word before a hum", "vvvvhhhhhvvvv", 220, 4, true],
  ["behind everything", "vvvv", 500, 4, false],
  ["before everything", "vvvv", 0, 0, false],
  ["in digital silence", "ssssssss", 50, 2, false],
] as const)("what is final up to %s: %s at %i ms", (_, letters, untilMs, done, overlaps) => {
  expect(cut(heard(letters), untilMs)).toEqual({ done, overlaps });
});

test("a long frame that what is final ends in is heard again", () => {
  expect(cut(heard("vvvvvsssssvvvvvvvvvv", 100), 250)).toEqual({ done: 1, overlaps: true });
  expect(cut(heard("vvvvvsssss", 100), 150)).toEqual({ done: 1, overlaps: false });
});

test("a pause is looked for up to two seconds back", () => {
  const frames = heard(`vvvvvsssss${"v".repeat(200)}`);
  expect(cut(frames, 2000)).toEqual({ done: 5, overlaps: true });
  expect(cut(frames, 3000)).toEqual({ done: 50, overlaps: true });
});

test.each([
  ["a speech mark", { kind: "speech", mark: "end", utterance: "u", atSample: 1280, sampleRateHz: RATE }],
  ["what is no frame", undefined],
] as const)("%s ends the search", (_, between) => {
  const [before, after] = [heard("vvvv"), heard("vvvvvvvv").slice(4)];
  const kept = [...before, between, ...after];
  expect(cutAtPause((i) => kept[i], kept.length, 120_000)).toEqual({ done: 5, overlaps: true });
});
