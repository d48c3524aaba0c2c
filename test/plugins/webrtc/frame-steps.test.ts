import { describe, expect, test } from "bun:test";
import type { FrameSteps } from "#engine/plugin";
import { anything, extremes, pinkNoise, randomFrom, voice } from "#test/detector-signals";
import { sessionPool } from "../../../plugins/webrtc/batch.ts";
import { DetectorSteps, SessionSteps } from "../../../plugins/webrtc/frame-steps.ts";

const SETTINGS = {
  sampleRateHz: 16000,
  aggressiveness: 2,
  preRollMs: 300,
  minSpeechMs: 60,
  endpointMs: 300,
  maxSegmentMs: 3000,
  settleMs: 200,
} as const;

const RATES_HZ = [8000, 16000, 32000] as const;

/** A stream with holes in it, whose last frame is short. */
function* stream(pcm: Int16Array, sampleRateHz: number, frameMs: number, seed: number) {
  const random = randomFrom(seed);
  const length = (sampleRateHz / 1000) * frameMs;
  let at = 4321;
  for (let i = 0; i < pcm.length; i += length) {
    if (random() < 0.01) at += Math.floor(random() * 20 * length);
    yield { pcm: pcm.subarray(i, i + length), startSample: at };
    at += length;
  }
}

function told(steps: FrameSteps, frames: ReturnType<typeof stream>): string[] {
  const words: string[] = [];
  let expected: number | undefined;
  for (const { pcm, startSample } of frames) {
    if (expected !== undefined && startSample > expected && steps.missing(startSample)) words.push("ended in the gap");
    const step = steps.next(pcm, startSample);
    words.push(step === "opened" ? `opened ${steps.startSample}` : step);
    if (words.length % 97 === 0) words.push(`flushed ${steps.close()}`);
    expected = startSample + pcm.length;
  }
  words.push(`closed ${steps.close()}`);
  steps.free();
  return words;
}

describe.each(RATES_HZ)("at %i Hz", (sampleRateHz) => {
  test.each([10, 20, 30])("a session says of frames of %i ms what detector and endpointing say", (frameMs) => {
    const pool = sessionPool();
    if (!pool) return; // without a compiler there are no sessions
    const pcm = (seed: number) => {
      const n = sampleRateHz * 12 + 77;
      return [
        voice(n, sampleRateHz, seed, 900),
        anything(n, sampleRateHz, seed),
        extremes(n, seed),
        pinkNoise(n, 9000, seed),
      ];
    };
    let opened = 0;
    let gaps = 0;
    for (const [i, samples] of [1, 2].flatMap(pcm).entries()) {
      const settings = { ...SETTINGS, sampleRateHz };
      const expected = told(new DetectorSteps(settings), stream(samples, sampleRateHz, frameMs, i));
      expect(told(new SessionSteps(pool, settings), stream(samples, sampleRateHz, frameMs, i))).toEqual(expected);
      opened += expected.filter((word) => word.startsWith("opened")).length;
      gaps += expected.filter((word) => word === "ended in the gap").length;
    }
    expect(opened).toBeGreaterThan(5);
    expect(gaps).toBeGreaterThan(0);
  });
});

test.each([
  { name: "10 ms in a stream of 20 ms", lengths: [320, 160], outcome: "taken for the one before" },
  { name: "30 ms in a stream of 20 ms", lengths: [320, 480], outcome: "AUDIO_FORMAT_UNSUPPORTED" },
  { name: "a first frame that is short", lengths: [100, 320], outcome: "taken for the one before" },
  { name: "a first frame of 50 ms", lengths: [800], outcome: "AUDIO_FORMAT_UNSUPPORTED" },
])("both ways agree on a frame of another length: $name", ({ lengths, outcome }) => {
  const pool = sessionPool();
  const ways = [new DetectorSteps(SETTINGS), ...(pool ? [new SessionSteps(pool, SETTINGS)] : [])];
  for (const steps of ways) {
    const judge = () => {
      let at = 0;
      for (const length of lengths) {
        steps.next(new Int16Array(length), at);
        at += length;
      }
      return "taken for the one before";
    };
    if (outcome === "AUDIO_FORMAT_UNSUPPORTED") expect(judge).toThrow(expect.objectContaining({ code: outcome }));
    else expect(judge()).toBe(outcome);
    steps.free();
  }
});
