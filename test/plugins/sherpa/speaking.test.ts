import { afterAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { AudioFrame, TextFrame } from "#engine/plugin";
import { audioNodeContract, driveNode, registerContract, synthesiserContract } from "#engine/testing";
import { findSherpa } from "#native/sherpa";
import { concat, framesOf, noise, silence, tone } from "#test/signals";
import { denoiser, LETTER_SAMPLES, synthesiser } from "#test/tiny-models";
import { denoise } from "../../../plugins/sherpa/denoise.ts";
import { tts } from "../../../plugins/sherpa/tts.ts";

setDefaultTimeout(60_000);

const folder = mkdtempSync(join(tmpdir(), "parlando-sherpa-"));
afterAll(() => rmSync(folder, { recursive: true }));
const here = findSherpa() !== undefined;

const said = (utterance: string, text: string): TextFrame => ({
  kind: "text",
  role: "translation",
  text,
  utterance,
  revision: 1,
  final: true,
  stableChars: text.length,
  startSample: 0,
  endSample: 16_000,
  sampleRateHz: 16_000,
});

const pcmOf = (frames: readonly unknown[]) => concat(...(frames as AudioFrame[]).map(({ pcm }) => pcm));

describe.skipIf(!here)(`sherpa.tts${here ? "" : ": sherpa-onnx-node is not installed"}`, () => {
  const model = synthesiser(join(folder, "tts"));
  const frames = () => [said("u1", "abc. cab."), said("u2", "good morning")];
  registerContract(
    synthesiserContract("speaking", () => ({ definition: tts, config: { model }, frames: frames() })),
    test,
  );

  test("speaks letter by letter what the model makes of them", async () => {
    const driven = await driveNode(tts, { model }, { frames: [said("u", "abc")] });
    const pcm = pcmOf(driven.frames("audio"));
    const peakOf = (letter: number) =>
      Math.max(...pcm.subarray(letter * LETTER_SAMPLES, (letter + 1) * LETTER_SAMPLES)) / 32_768;
    // a is the third in the list of tokens, each worth 0.02
    for (const [letter, level] of [0.04, 0.06, 0.08].entries()) expect(peakOf(letter)).toBeCloseTo(level, 3);
    expect(driven.usage.characters).toBe(3);
    expect(driven.events).toContainEqual({ type: "model", family: "VITS", sampleRateHz: 16_000 });
  });

  test("what has no letter is not spoken", async () => {
    const driven = await driveNode(tts, { model }, { frames: [said("u", " … ! ")] });
    expect(driven.emitted).toEqual([]);
  });
});

describe.skipIf(!here)(`sherpa.denoise${here ? "" : ": sherpa-onnx-node is not installed"}`, () => {
  const model = denoiser(join(folder, "denoiser"));
  const signal = () => concat(tone({ hz: 440, ms: 500 }), noise({ ms: 333, seed: 7 }), silence({ ms: 100 }));
  registerContract(
    audioNodeContract("passing", () => ({
      definition: denoise,
      config: { model },
      frames: framesOf(signal()) as AudioFrame[],
      formats: { audio: { sampleRateHz: 16_000, channels: 1 } },
    })),
    test,
  );

  test.each([10, 20, 30])(
    "in frames of %d ms each sample comes out at its own place, as the model left it",
    async (frameMs) => {
      const pcm = signal();
      const driven = await driveNode(denoise, { model }, { frames: framesOf(pcm, { frameMs }) });
      const out = pcmOf(driven.frames("audio"));
      expect(out.length).toBe(pcm.length);
      // the first and the last window stand under half a window only
      for (let i = 512; i < pcm.length - 512; i += 37) expect(Math.abs(out[i]! - pcm[i]! / 2)).toBeLessThan(8);
    },
  );

  test("a gap stays a gap, and marks stay where they are", async () => {
    const first = framesOf(tone({ hz: 440, ms: 200 }));
    const second = framesOf(tone({ hz: 440, ms: 200 }), { startSample: 16_000 });
    const mark = { kind: "speech", mark: "end", utterance: "u", atSample: 3200, sampleRateHz: 16_000 } as const;
    const driven = await driveNode(denoise, { model }, { frames: [...first, mark, ...second] });
    const emitted = driven.frames("audio");
    expect(emitted.map((frame) => (frame.kind === "audio" ? frame.startSample : frame.kind))).toEqual([
      ...first.map((frame) => frame.startSample),
      "speech",
      ...second.map((frame) => frame.startSample),
    ]);
  });
});
