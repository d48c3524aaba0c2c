import { afterAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Control, Frame, SpeechMark, TextFrame } from "#engine/plugin";
import { driveNode, recogniserContract, registerContract } from "#engine/testing";
import { findSherpa } from "#native/sherpa";
import { concat, framesOf, silence, tone } from "#test/signals";
import { offlineRecogniser, streamingRecogniser } from "#test/tiny-models";
import { asr } from "../../../plugins/sherpa/asr.ts";

setDefaultTimeout(60_000);

const folder = mkdtempSync(join(tmpdir(), "parlando-sherpa-"));
afterAll(() => rmSync(folder, { recursive: true }));
const here = findSherpa() !== undefined;

const MODELS = {
  streaming: streamingRecogniser(join(folder, "streaming")),
  offline: offlineRecogniser(join(folder, "offline")),
};

const low = () => tone({ hz: 300, ms: 400 });
const high = () => tone({ hz: 5000, ms: 400 });
const gap = () => silence({ ms: 300 });

const mark = (kind: "start" | "end", utterance: string, atSample: number): SpeechMark => ({
  kind: "speech",
  mark: kind,
  utterance,
  atSample,
  sampleRateHz: 16_000,
});

const marked = (utterance: string, pcm: Int16Array, at = 0, frameMs = 20): Frame[] => [
  mark("start", utterance, at),
  ...framesOf(pcm, { startSample: at, utterance, frameMs }),
  mark("end", utterance, at + pcm.length),
];

const mono = { audio: { sampleRateHz: 16_000, channels: 1 } };

async function hear(frames: readonly (Frame | Control)[], config: object) {
  const driven = await driveNode(asr, config, { frames, formats: mono });
  const texts = (port: string) => driven.frames(port).filter((frame): frame is TextFrame => frame.kind === "text");
  return { driven, partials: texts("partial"), finals: texts("final") };
}

describe.skipIf(!here)(`sherpa.asr${here ? "" : ": sherpa-onnx-node is not installed"}`, () => {
  describe.each(["streaming", "offline"] as const)("with a %s model", (family) => {
    const model = MODELS[family];
    const two = () => [
      ...marked("u1", concat(gap(), low(), gap())),
      ...marked("u2", concat(gap(), high(), gap(), low(), gap()), 32_000),
    ];

    registerContract(
      recogniserContract("recognising", () => ({ definition: asr, config: { model }, frames: two(), formats: mono })),
      test,
    );

    test("each utterance becomes a final with the words of it, at their places on the stream", async () => {
      const { finals, driven } = await hear(two(), { model, language: "en" });
      expect(finals.map(({ utterance, text }) => [utterance, text])).toEqual([
        ["u1", "low"],
        ["u2", "high low"],
      ]);
      expect(finals[1]).toMatchObject({ final: true, language: "en", startSample: 32_000, stableChars: 8 });
      const [first, second] = finals[1]!.words!;
      expect(Math.abs(first!.startSample - 32_000 - 300 * 16)).toBeLessThan(100 * 16);
      expect(Math.abs(second!.startSample - 32_000 - 1000 * 16)).toBeLessThan(100 * 16);
      expect([first!.text, second!.text]).toEqual(["high", "low"]);
      expect(first!.endSample).toBe(second!.startSample);
      expect(driven.events[0]).toEqual({ type: "model", family: "NeMo CTC", streaming: family === "streaming" });
      expect(driven.usage.audioSeconds).toBeCloseTo(1 + 1.7, 5);
    });

    test("what is heard does not depend on how the audio was framed", async () => {
      const framed = (frameMs: number) => marked("u", concat(gap(), low(), gap(), high(), gap()), 0, frameMs);
      const { driven } = await hear(framed(20), { model });
      for (const frameMs of [10, 30, 700])
        expect((await hear(framed(frameMs), { model })).driven.emitted).toEqual(driven.emitted);
    });

    test("an utterance without words gives no final, but is counted and told", async () => {
      const { driven, finals } = await hear(
        [...marked("quiet", silence({ ms: 600 })), ...marked("loud", low(), 16_000)],
        { model },
      );
      expect(finals.map(({ utterance }) => utterance)).toEqual(["loud"]);
      expect(driven.counters).toEqual({ emptyUtterances: 1 });
      expect(driven.events).toContainEqual({ type: "emptyUtterance", utterance: "quiet" });
    });

    test("an utterance that nothing ends is cut, and a flush finishes what is open", async () => {
      const pcm = concat(low(), silence({ ms: 600 }), high(), silence({ ms: 600 }));
      const { driven, finals } = await hear(framesOf(pcm), { model, maxUtteranceMs: 1000 });
      expect(finals.map(({ text }) => text)).toEqual(["low", "high"]);
      expect(driven.counters.cutUtterances).toBe(2);
      const flushed = await hear([...framesOf(low()), { kind: "flush" }, ...framesOf(high(), { startSample: 6400 })], {
        model,
      });
      expect(flushed.finals.map(({ text }) => text)).toEqual(["low", "high"]);
    });

    test("words behind a gap in the audio are placed behind it", async () => {
      const pcm = concat(gap(), low(), gap());
      const { finals } = await hear(
        [...framesOf(pcm), ...framesOf(concat(gap(), high(), gap()), { startSample: 48_000 })],
        { model },
      );
      expect(finals[0]?.text).toBe("low high");
      expect(finals[0]?.words?.[1]?.startSample).toBeGreaterThan(48_000);
    });
  });

  test("a streaming model says words while they are spoken", async () => {
    const { partials } = await hear(marked("u", concat(low(), gap(), high(), gap())), { model: MODELS.streaming });
    expect(partials.map(({ text }) => text)).toEqual(["low", "low high"]);
    expect(partials.map(({ revision }) => revision)).toEqual([1, 2]);
    expect(partials[0]!.endSample).toBeLessThan(800 * 16);
  });
});
