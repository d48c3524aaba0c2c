import { afterAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { EngineError } from "#engine/errors";
import type { AudioFrame, Frame } from "#engine/plugin";
import { audioNodeContract, driveNode, registerContract } from "#engine/testing";
import { bundledSilero, readModel, sherpaVersion } from "#native/sherpa";
import { recordingPcm, recordingsInstalled } from "#test/recordings";
import { concat, framesOf, noise, silence, tone } from "#test/signals";
import { vad } from "../../../plugins/silero/vad.ts";

setDefaultTimeout(60_000);

const folder = mkdtempSync(join(tmpdir(), "parlando-silero-"));
afterAll(() => rmSync(folder, { recursive: true }));

const missing = [
  ...((await sherpaVersion()) === undefined ? ["sherpa-onnx-node"] : []),
  ...(recordingsInstalled() ? [] : ["pocketsphinx-testdata"]),
];
const codeOf = (error: unknown): string => (error instanceof EngineError ? error.code : String(error));

describe.skipIf(missing.length > 0)(`silero.vad${missing.length > 0 ? `: missing ${missing.join(", ")}` : ""}`, () => {
  const spoken = () => concat(silence({ ms: 1000 }), recordingPcm("goforward.raw"), silence({ ms: 1500 }));
  const marks = (frames: readonly Frame[]) => frames.filter((frame) => frame.kind === "speech");
  const drive = async (pcm: Int16Array, config = {}, frameMs = 20) =>
    driveNode(vad, config, { frames: framesOf(pcm, { frameMs }) });

  registerContract(
    audioNodeContract("detecting", () => ({
      definition: vad,
      frames: framesOf(spoken()) as AudioFrame[],
      formats: { audio: { sampleRateHz: 16000, channels: 1 } },
    })),
    test,
  );

  test.each([10, 20, 30])(
    "finds the one utterance of a recording in frames of %d ms, and hands on its audio",
    async (frameMs) => {
      const { frames } = await drive(spoken(), {}, frameMs);
      const [start, end, ...more] = marks(frames());
      expect(more).toEqual([]);
      // the speech reaches from 1.96 s to 3.62 s of the file when its loud part is looked at; the recording's own start is at 1 s
      expect(start).toMatchObject({ mark: "start", sampleRateHz: 16000 });
      expect(start!.kind === "speech" && start!.atSample / 16).toBeGreaterThan(1000);
      expect(end!.kind === "speech" && end!.atSample / 16).toBeLessThan(5600);
      const audio = frames().filter((frame) => frame.kind === "audio");
      expect(audio[0]).toMatchObject({ startSample: start!.kind === "speech" ? start!.atSample : -1 });
      expect(
        audio.every(
          (frame, i) => i === 0 || frame.startSample === audio[i - 1]!.startSample + audio[i - 1]!.pcm.length,
        ),
      ).toBe(true);
    },
  );

  test("hears no speech in tones and noise", async () => {
    const beeps = concat(...Array.from({ length: 6 }, () => concat(tone({ hz: 1000, ms: 300 }), silence({ ms: 500 }))));
    expect(marks((await drive(concat(beeps, noise({ ms: 3000, seed: 3 })))).frames())).toEqual([]);
  });

  test("closes an utterance that is longer than allowed, and goes on in the next", async () => {
    const long = concat(...Array.from({ length: 3 }, () => recordingPcm("something.raw")));
    const { frames, counters } = await drive(long, { maxSegmentMs: 1500 });
    expect(counters.fullSegments).toBeGreaterThan(0);
    const found = marks(frames());
    expect(found.map((mark) => mark.kind === "speech" && mark.mark)).toEqual(
      found.map((_, i) => (i % 2 === 0 ? "start" : "end")),
    );
    for (let i = 0; i < found.length; i += 2) {
      const [from, to] = [found[i]!, found[i + 1]!];
      if (from.kind === "speech" && to.kind === "speech")
        expect((to.atSample - from.atSample) / 16).toBeLessThanOrEqual(1500);
    }
  });

  test("gives the same for the same audio", async () => {
    const [first, second] = [await drive(spoken()), await drive(spoken())];
    expect(marks(second.frames()).map((mark) => mark.kind === "speech" && mark.atSample)).toEqual(
      marks(first.frames()).map((mark) => mark.kind === "speech" && mark.atSample),
    );
  });

  test.each([
    { name: "that is not there", bytes: undefined, code: "FILE_NOT_FOUND" },
    { name: "that is text", bytes: () => new TextEncoder().encode("no model, but a text"), code: "MODEL_UNFIT" },
    { name: "that is empty", bytes: () => new Uint8Array(0), code: "MODEL_UNFIT" },
    { name: "that breaks off", bytes: () => readFileSync(bundledSilero()).subarray(0, 100_000), code: "MODEL_UNFIT" },
    { name: "with other tensors", bytes: () => graphOf(["feats"], ["logits"]), code: "MODEL_UNFIT" },
  ])("a model $name fails with $code and is named, before the library sees it", async ({ bytes, code }) => {
    const path = join(folder, `${code}-${Math.random()}.onnx`);
    if (bytes) writeFileSync(path, bytes());
    const error = await driveNode(
      vad,
      { model: path },
      { frames: [], formats: { audio: { sampleRateHz: 16000, channels: 1 } } },
    ).then(
      () => undefined,
      (cause: unknown) => cause,
    );
    expect(codeOf(error)).toBe(code);
    expect(String((error as Error).message)).toStartWith(path);
  });
});

describe("a model's own description", () => {
  test("is read without its weights", () => {
    const path = join(folder, "small.onnx");
    writeFileSync(path, graphOf(["x", "length"], ["y"], { model_type: "zipformer2", vocab_size: "500" }, 200_000));
    expect(readModel(path)).toEqual({
      producer: "test",
      inputs: ["x", "length"],
      outputs: ["y"],
      metadata: { model_type: "zipformer2", vocab_size: "500" },
    });
  });
});

/** An ONNX file with no nodes: names of tensors, what its exporter says, and so many bytes of weights. */
function graphOf(inputs: string[], outputs: string[], metadata: Record<string, string> = {}, weights = 0): Uint8Array {
  const varint = (value: number): number[] => (value < 128 ? [value] : [(value & 127) | 128, ...varint(value >>> 7)]);
  const field = (number: number, bytes: Uint8Array | number[]): Buffer =>
    Buffer.from([...varint((number << 3) | 2), ...varint(bytes.length), ...bytes]);
  const text = (number: number, value: string) => field(number, [...new TextEncoder().encode(value)]);
  const tensor = Buffer.concat([text(8, "weight"), field(9, new Uint8Array(weights))]);
  const graph = Buffer.concat([
    field(5, tensor),
    ...inputs.map((name) => field(11, text(1, name))),
    ...outputs.map((name) => field(12, text(1, name))),
  ]);
  const facts = Object.entries(metadata).map(([key, value]) =>
    field(14, Buffer.concat([text(1, key), text(2, value)])),
  );
  return new Uint8Array(Buffer.concat([Buffer.from([0x08, 0x08]), text(2, "test"), field(7, graph), ...facts]));
}
