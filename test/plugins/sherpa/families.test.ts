import { afterAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Frame, SpeechMark, TextFrame } from "#engine/plugin";
import { driveNode } from "#engine/testing";
import { findSherpa } from "#native/sherpa";
import { concat, framesOf, silence, tone } from "#test/signals";
import { TINY_RECOGNISERS } from "#test/tiny-recognisers";
import { asr } from "../../../plugins/sherpa/asr.ts";

setDefaultTimeout(60_000);

const folder = mkdtempSync(join(tmpdir(), "parlando-families-"));
afterAll(() => rmSync(folder, { recursive: true }));
const here = findSherpa() !== undefined;

function utterance(id: string, hz: number, at: number): Frame[] {
  const pcm = concat(silence({ ms: 200 }), tone({ hz, ms: 600 }), silence({ ms: 200 }));
  const mark = (kind: "start" | "end", atSample: number): SpeechMark => ({
    kind: "speech",
    mark: kind,
    utterance: id,
    atSample,
    sampleRateHz: 16_000,
  });
  return [mark("start", at), ...framesOf(pcm, { startSample: at, utterance: id }), mark("end", at + pcm.length)];
}

describe.skipIf(!here)(`families of recognisers${here ? "" : ": sherpa-onnx-node is not installed"}`, () => {
  test.each([...TINY_RECOGNISERS])("$family (streaming: $streaming) hears what its graph hears", async (tiny) => {
    const model = tiny.make(mkdtempSync(join(folder, "model-")));
    const frames = [...utterance("u1", 300, 0), ...utterance("u2", 5000, 32_000)];
    const formats = { audio: { sampleRateHz: 16_000, channels: 1 } };
    const driven = await driveNode(asr, { model }, { frames, formats });
    const finals = driven.frames("final").filter((frame): frame is TextFrame => frame.kind === "text");
    expect(driven.events[0]).toEqual({ type: "model", family: tiny.family, streaming: tiny.streaming });
    expect(finals.map((final) => [final.utterance, final.text])).toEqual([
      ["u1", "low"],
      ["u2", "high"],
    ]);
  });
});
