import { afterAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { DataFrame, TextFrame } from "#engine/plugin";
import { driveNode, nodeContract, registerContract } from "#engine/testing";
import { findSherpa } from "#native/sherpa";
import { rejectionOf } from "#test/rejection";
import { concat, framesOf, silence, tone } from "#test/signals";
import { diariser } from "#test/tiny-models";
import { diarize, speakerOf } from "../../../plugins/sherpa/diarize.ts";

setDefaultTimeout(60_000);

const folder = mkdtempSync(join(tmpdir(), "parlando-sherpa-"));
afterAll(() => rmSync(folder, { recursive: true }));
const here = findSherpa() !== undefined;

const text = (words: string, fromMs: number, toMs: number): TextFrame => ({
  kind: "text",
  role: "transcript",
  text: words,
  utterance: words,
  revision: 1,
  final: true,
  stableChars: words.length,
  startSample: fromMs * 16,
  endSample: toMs * 16,
  sampleRateHz: 16_000,
});

/** A low voice, a high one, the low one again. */
const call = () =>
  concat(
    silence({ ms: 500 }),
    tone({ hz: 300, ms: 2000, peak: 16_000 }),
    silence({ ms: 1000 }),
    tone({ hz: 5000, ms: 2000, peak: 16_000 }),
    silence({ ms: 1000 }),
    tone({ hz: 300, ms: 1500, peak: 16_000 }),
    silence({ ms: 500 }),
  );

describe.skipIf(!here)(`sherpa.diarize${here ? "" : ": sherpa-onnx-node is not installed"}`, () => {
  const model = diariser(join(folder, "diariser"));
  const formats = { audio: { sampleRateHz: 16_000, channels: 1 } };
  registerContract(
    nodeContract("telling apart", () => ({
      definition: diarize,
      config: { model },
      frames: framesOf(call()),
      formats,
    })),
    test,
  );

  test.each([0, 2])("says who spoke when, and names the speakers of a transcript (speakers: %d)", async (speakers) => {
    const texts = [
      text("hello", 500, 2500),
      text("yes", 3600, 5400),
      text("good", 6600, 7900),
      text("hush", 2600, 3300),
    ];
    const frames = { audio: framesOf(call()), text: texts };
    const driven = await driveNode(diarize, { model, speakers }, { frames, formats });
    const spoken = (driven.frames("speakers") as DataFrame[]).map(
      ({ value }) => value as Record<string, number | string>,
    );
    expect(spoken.map(({ speaker }) => speaker)).toEqual(["speaker 1", "speaker 2", "speaker 1"]);
    for (const [i, ms] of [500, 3500, 6500].entries())
      expect(Math.abs(Number(spoken[i]!.startSample) / 16 - ms)).toBeLessThan(100);
    expect((driven.frames("text") as TextFrame[]).map(({ text: words, speaker }) => [words, speaker])).toEqual([
      ["hello", "speaker 1"],
      ["yes", "speaker 2"],
      ["good", "speaker 1"],
      ["hush", undefined],
    ]);
  });

  test("a recording that is too long is refused before it fills the memory", async () => {
    const frames = framesOf(silence({ ms: 61_000 }), { frameMs: 1000 });
    expect(await rejectionOf(driveNode(diarize, { model, maxMinutes: 1 }, { frames, formats }))).toMatchObject({
      code: "AUDIO_TOO_LONG",
    });
  });
});

test("whoever spoke most of a text is its speaker", () => {
  const spoken = [
    { speaker: "a", startSample: 0, endSample: 1000 },
    { speaker: "b", startSample: 900, endSample: 3000 },
    { speaker: "a", startSample: 2900, endSample: 3300 },
  ];
  expect(speakerOf({ ...text("x", 0, 200), startSample: 500, endSample: 2000 }, spoken)).toBe("b");
  expect(speakerOf({ ...text("x", 0, 200), startSample: 0, endSample: 1200 }, spoken)).toBe("a");
  expect(speakerOf({ ...text("x", 0, 200), startSample: 4000, endSample: 5000 }, spoken)).toBeUndefined();
});
