import { afterAll, describe, expect, test } from "bun:test";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type AudioFrame, type Control, type Frame, joinPcm, type SpeechMark } from "#engine/plugin";
import { driveNode } from "#engine/testing";
import { covers } from "#test/covers";
import { silence, voice } from "#test/detector-signals";
import { recordingPcm, recordingsInstalled } from "#test/recordings";
import { labelsOf } from "../../../plugins/agora/vad/labels.ts";
import { VadDump } from "../../../plugins/agora/vad/vad-dump.ts";
import { vad } from "../../../plugins/agora/vad.ts";

const FRAME = 160;
const ms = (length: number) => length * 16;
const speech = (length: number) => voice(ms(length), 16_000, 3, 0);
const quiet = (length: number) => silence(ms(length));

const framesOf = (pcm: Int16Array): AudioFrame[] =>
  Array.from({ length: Math.ceil(pcm.length / FRAME) }, (_, i) => ({
    kind: "audio",
    pcm: pcm.subarray(i * FRAME, (i + 1) * FRAME),
    sampleRateHz: 16_000,
    channels: 1,
    startSample: i * FRAME,
  }));

async function run(frames: readonly (Frame | Control)[], config: object = {}) {
  const driven = await driveNode(vad, config, { frames });
  const out = driven.frames();
  const marks = out.filter((frame): frame is SpeechMark => frame.kind === "speech");
  const audio = out.filter((frame): frame is AudioFrame => frame.kind === "audio");
  const samples = (of: readonly (Frame | Control)[]) =>
    of.reduce((sum, frame) => sum + ("pcm" in frame ? frame.pcm.length : 0), 0);
  return { driven, marks, audio, came: samples(frames), went: samples(audio) };
}

describe.each(["A", "B"] as const)("generation %s", (generation) => {
  test("marks an utterance around what the detector returned, pre-roll first, and accounts for the rest", async () => {
    covers("G1");
    const pcm = joinPcm([quiet(1000), speech(1500), quiet(1500)]);
    const { marks, audio, came, went, driven } = await run(framesOf(pcm), { generation });
    expect(marks.map(({ mark }) => mark)).toEqual(["start", "end"]);
    const [start, end] = marks as [SpeechMark, SpeechMark];
    expect(start.atSample).toBe(audio[0]!.startSample);
    expect(start.atSample).toBeLessThan(ms(1000));
    expect(end.atSample).toBe(audio.at(-1)!.startSample + FRAME);
    expect(joinPcm(audio.map((frame) => frame.pcm))).toEqual(pcm.subarray(start.atSample, end.atSample));
    expect(audio.every(({ utterance }) => utterance === start.utterance)).toBe(true);
    expect(went + driven.gated).toBe(came);
  });

  test("ends what is open with the stream, in the middle of a frame too", async () => {
    const pcm = joinPcm([speech(1000), new Int16Array(77)]);
    const { marks, came, went, driven } = await run(framesOf(pcm), { generation });
    expect(marks.map(({ mark }) => mark)).toEqual(["start", "end"]);
    expect(marks[1]!.atSample).toBe(pcm.length);
    expect(went + driven.gated).toBe(came);
  });

  test("hears nothing in silence, and accounts for it", async () => {
    const { marks, came, driven } = await run(framesOf(quiet(3000)), { generation });
    expect(marks).toEqual([]);
    expect(driven.gated).toBe(came);
  });
});

test.skipIf(!recordingsInstalled)("one spoken sentence is one utterance", async () => {
  const pcm = joinPcm([recordingPcm("goforward.raw"), quiet(1000)]);
  const { marks } = await run(framesOf(pcm), { stopFrames: 50 });
  expect(marks.map(({ mark }) => mark)).toEqual(["start", "end"]);
});

describe("labels for audio from elsewhere", () => {
  const half = Int16Array.from({ length: FRAME }, (_, i) => (i % 2 ? 16_384 : -16_384));
  test.each([
    { name: "silence, A", pcm: new Int16Array(FRAME), voiced: false, generation: "A", rms: -127, voiceProb: 0 },
    { name: "silence, B", pcm: new Int16Array(FRAME), voiced: false, generation: "B", rms: 0, voiceProb: 0 },
    { name: "half of full scale, A", pcm: half, voiced: true, generation: "A", rms: -6, voiceProb: 100 },
    { name: "half of full scale, B", pcm: half, voiced: true, generation: "B", rms: 121, voiceProb: 1 },
  ] as const)("$name", ({ pcm, voiced, generation, rms, voiceProb }) => {
    expect(labelsOf(pcm, voiced, generation)).toEqual({ farField: 1, rms, voiceProb, musicProb: 0, pitch: 0 });
  });
});

describe("a dump", () => {
  const folder = mkdtempSync(join(tmpdir(), "parlando-agora-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test("holds what came in, a line for each frame, and a file for each utterance", async () => {
    covers("G3");
    const pcm = joinPcm([quiet(500), speech(1000), quiet(1500), speech(1000)]);
    const { audio, marks } = await run(framesOf(pcm), { dump: join(folder, "a", "deep") });
    const [stamp] = readdirSync(join(folder, "a", "deep"));
    expect(stamp).toMatch(/^\d{14}$/);
    const made = join(folder, "a", "deep", stamp!);
    expect(readdirSync(made).sort()).toEqual(["label.txt", "source.pcm", "vad_0.pcm", "vad_1.pcm"]);
    expect(
      readFileSync(join(made, "source.pcm")).equals(new Uint8Array(pcm.buffer, pcm.byteOffset, pcm.byteLength)),
    ).toBe(true);
    const lines = readFileSync(join(made, "label.txt"), "utf8").split("\n").slice(0, -1);
    expect(lines).toHaveLength(pcm.length / FRAME);
    expect(lines[0]).toBe("ct:0 fct:0 state:0 far:1 vop:0 rms:-127 pitch:0 mup:0");
    const opening = lines.filter((line) => line.includes(" state:1 "));
    expect(opening.map((line) => line.slice(0, 4))).toEqual(["ct:0", "ct:1"]); // before its own file is counted
    const first = audio.filter(({ utterance }) => utterance === marks[0]!.utterance);
    expect(statSync(join(made, "vad_0.pcm")).size).toBe(first.length * FRAME * 2);
  });

  test("of generation B draws the labels as waves", () => {
    covers("G3");
    const dump = new VadDump(join(folder, "b"), Date.UTC(2026, 0, 2, 3, 4, 5), "B");
    const labels = { farField: 1, rms: 100, voiceProb: 1, musicProb: 0, pitch: 220 };
    dump.write({ pcm: new Int16Array(FRAME), labels, state: 0, returned: [] });
    dump.close();
    const values = (name: string) => new Set(new Int16Array(readFileSync(join(dump.folder, name)).buffer.slice(0)));
    expect(values("rms.pcm")).toEqual(new Set([12_700]));
    expect(values("pitch.pcm")).toEqual(new Set([220]));
    expect(values("voice_prob.pcm")).toEqual(new Set([16_129]));
    expect(statSync(join(dump.folder, "rms.pcm")).size).toBe(FRAME * 2);
  });

  test("of the same second as another is refused, as is a folder that cannot be written", () => {
    const at = Date.UTC(2026, 0, 2, 3, 4, 6);
    new VadDump(join(folder, "c"), at, "A").close();
    const code = (path: string) => {
      try {
        new VadDump(path, at, "A");
        return "no error";
      } catch (error) {
        return (error as { code?: string }).code;
      }
    };
    expect(code(join(folder, "c"))).toBe("FILE_UNWRITABLE");
    expect(code("/proc/nowhere")).toBe("FILE_UNWRITABLE");
  });
});
