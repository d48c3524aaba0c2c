import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { levelDbfs } from "#engine/audio";
import type { AudioFrame } from "#engine/plugin";
import { audioNodeContract, driveNode, registerContract } from "#engine/testing";
import { findSpeexDsp } from "#native/speexdsp";
import { covers } from "#test/covers";
import { concat, framesOf, noise, silence, voice } from "#test/signals";
import { denoise } from "../../../plugins/core/denoise.ts";

setDefaultTimeout(60_000);

const here = findSpeexDsp() !== undefined;
const pcmOf = (frames: readonly unknown[]) => concat(...(frames as AudioFrame[]).map(({ pcm }) => pcm));
const mono = { audio: { sampleRateHz: 16_000, channels: 1 } };

test("core.denoise is off by default, and passes what comes then, without any library", async () => {
  covers("S40");
  const frames = framesOf(noise({ ms: 300, seed: 1 }));
  const driven = await driveNode(denoise, {}, { frames, formats: mono });
  expect(driven.frames("audio")).toEqual(frames);
});

describe.skipIf(!here)(`core.denoise, switched on${here ? "" : ": libspeexdsp1 is not installed"}`, () => {
  registerContract(
    audioNodeContract("suppressing", () => ({
      definition: denoise,
      config: { on: true },
      frames: framesOf(concat(voice({ ms: 400 }), noise({ ms: 333, seed: 2 }))) as AudioFrame[],
      formats: mono,
    })),
    test,
  );

  test.each([10, 20, 30])("lowers steady noise and leaves a voice, in frames of %d ms", async (frameMs) => {
    const hiss = noise({ ms: 6000, seed: 3, peak: 800 });
    const speech = concat(silence({ ms: 4000 }), voice({ ms: 1500 }), silence({ ms: 500 }));
    const pcm = Int16Array.from(hiss, (value, i) => value + (speech[i] ?? 0));
    const driven = await driveNode(denoise, { on: true }, { frames: framesOf(pcm, { frameMs }), formats: mono });
    const out = pcmOf(driven.frames("audio"));
    expect(out.length).toBe(pcm.length);
    const pause = (samples: Int16Array) => levelDbfs(samples.subarray(2 * 16_000, 3.9 * 16_000));
    const said = (samples: Int16Array) => levelDbfs(samples.subarray(4.2 * 16_000, 5.4 * 16_000));
    expect(pause(pcm) - pause(out)).toBeGreaterThan(10);
    expect(Math.abs(said(pcm) - said(out))).toBeLessThan(3);
  });
});
