import { describe, expect, test } from "bun:test";
import type { AudioFrame, Control, Frame, SpeechMark } from "#engine/plugin";
import { driveNode } from "#engine/testing";
import { anything, extremes, pinkNoise, silence, voice, whiteNoise } from "#test/detector-signals";
import { recordingPcm, recordingsInstalled } from "#test/recordings";
import { rejectionOf } from "#test/rejection";
import { sessionPool } from "../../../plugins/webrtc/batch.ts";
import plugin from "../../../plugins/webrtc/index.ts";
import { vad } from "../../../plugins/webrtc/vad.ts";

function concat(...parts: Int16Array[]): Int16Array {
  const all = new Int16Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

interface Cut {
  readonly sampleRateHz?: number;
  readonly frameMs?: number;
  readonly startSample?: number;
}

/** Frames of a stream; the last is shorter where the samples do not divide. */
function framesOf(pcm: Int16Array, { sampleRateHz = 16000, frameMs = 20, startSample = 0 }: Cut = {}): AudioFrame[] {
  const length = (sampleRateHz / 1000) * frameMs;
  return Array.from({ length: Math.ceil(pcm.length / length) }, (_, i) => ({
    kind: "audio",
    pcm: pcm.subarray(i * length, (i + 1) * length),
    sampleRateHz,
    channels: 1,
    startSample: startSample + i * length,
  }));
}

const ms = (length: number, sampleRateHz = 16000) => (length * sampleRateHz) / 1000;
const speech = (length: number, sampleRateHz = 16000) => voice(ms(length, sampleRateHz), sampleRateHz, 3, 0);
const quiet = (length: number, sampleRateHz = 16000) => silence(ms(length, sampleRateHz));

async function run(frames: readonly (Frame | Control)[], config: object = {}) {
  const driven = await driveNode(vad, config, {
    frames,
    ...(frames.length === 0 ? { formats: { audio: { sampleRateHz: 16000, channels: 1 } } } : {}),
  });
  const out = driven.frames();
  const marks = out.filter((frame): frame is SpeechMark => frame.kind === "speech");
  const audio = out.filter((frame): frame is AudioFrame => frame.kind === "audio");
  const came = frames.reduce((sum, frame) => sum + (frame.kind === "audio" ? frame.pcm.length : 0), 0);
  const went = audio.reduce((sum, frame) => sum + frame.pcm.length, 0);
  return { driven, out, marks, audio, came, went };
}

const shape = (marks: readonly SpeechMark[]) => marks.map((mark) => mark.mark).join(" ");

test.each([
  { name: "nothing at all", pcm: silence(0), marks: "" },
  { name: "silence is no speech", pcm: quiet(2000), marks: "" },
  { name: "quiet noise is no speech", pcm: whiteNoise(ms(3000), 20, 1), marks: "" },
  {
    name: "a short pause stays one utterance",
    pcm: concat(quiet(500), speech(600), quiet(300), speech(600)),
    marks: "start end",
  },
  { name: "a long pause ends it", pcm: concat(quiet(500), speech(600), quiet(900)), marks: "start end" },
  {
    name: "two of them are two",
    pcm: concat(quiet(500), speech(600), quiet(900), speech(600), quiet(900)),
    marks: "start end start end",
  },
  { name: "the end of the stream closes what is open", pcm: concat(quiet(500), speech(600)), marks: "start end" },
])("$name", async ({ pcm, marks }) => {
  expect(shape((await run(framesOf(pcm))).marks)).toBe(marks);
});

const STREAMS: { name: string; pcm: Int16Array; cut?: Cut; config?: object }[] = [
  { name: "speech and pauses", pcm: concat(quiet(700), speech(900), quiet(900), speech(500), quiet(400)) },
  { name: "a last frame too short for the detector", pcm: concat(quiet(500), speech(605.5)) },
  { name: "a stream shorter than one frame", pcm: speech(7) },
  { name: "8 kHz, 10 ms", pcm: voice(8000 * 9, 8000, 2, 900), cut: { sampleRateHz: 8000, frameMs: 10 } },
  { name: "32 kHz, 30 ms", pcm: voice(32000 * 9, 32000, 2, 900), cut: { sampleRateHz: 32000, frameMs: 30 } },
  { name: "a stream that begins in the middle", pcm: voice(16000 * 9, 16000, 2, 900), cut: { startSample: 123_456 } },
  { name: "no pre-roll", pcm: voice(16000 * 9, 16000, 2, 900), config: { preRollMs: 0, minSpeechMs: 10 } },
  {
    name: "no pre-roll, 30 ms",
    pcm: voice(16000 * 9, 16000, 2, 900),
    cut: { frameMs: 30 },
    config: { preRollMs: 0, minSpeechMs: 10 },
  },
  { name: "a long pre-roll", pcm: voice(16000 * 9, 16000, 2, 1500), config: { preRollMs: 1000 } },
  {
    name: "loud noise for ever",
    pcm: pinkNoise(16000 * 9, 20_000, 2),
    config: { maxSegmentMs: 1000, aggressiveness: 0 },
  },
  { name: "extreme signals", pcm: extremes(16000 * 9, 4) },
  { name: "anything", pcm: anything(16000 * 30, 16000, 9), config: { maxSegmentMs: 3000 } },
];

describe.each(STREAMS)("with $name", ({ pcm, cut, config }) => {
  test("what came in went out, was gated, or is held", async () => {
    const { driven, came, went } = await run(framesOf(pcm, cut), config);
    expect(came).toBe(pcm.length);
    expect(went + driven.gated + driven.held).toBe(came);
    expect(driven.held).toBe(0); // the stream has ended
  });

  test("marks alternate, and enclose audio without gaps that carries the utterance's id", async () => {
    const { out } = await run(framesOf(pcm, cut), config);
    let open: SpeechMark | undefined;
    let at = 0;
    for (const frame of out)
      if (frame.kind === "speech") {
        expect(frame.mark).toBe(open ? "end" : "start");
        if (open) expect({ utterance: frame.utterance, at: frame.atSample }).toEqual({ utterance: open.utterance, at });
        else expect(frame.atSample).toBeGreaterThanOrEqual(at);
        open = frame.mark === "start" ? frame : undefined;
        at = frame.atSample;
      } else if (frame.kind === "audio") {
        expect(frame.utterance).toBe(open!.utterance);
        expect(frame.startSample).toBe(at);
        at += frame.pcm.length;
      }
    expect(open).toBeUndefined();
  });

  test("the samples are those that came, shared and not copied", async () => {
    const { audio } = await run(framesOf(pcm, cut), config);
    for (const frame of audio) {
      expect(frame.pcm.buffer).toBe(pcm.buffer);
      const from = frame.startSample - (cut?.startSample ?? 0);
      expect(frame.pcm.byteOffset / 2).toBe(from);
    }
  });
});

test("an utterance begins with the pre-roll and has a new id", async () => {
  const pcm = concat(quiet(1000), speech(500), quiet(1000), speech(500), quiet(1000));
  const { marks } = await run(framesOf(pcm), { preRollMs: 300 });
  const [first, , second] = marks;
  expect(first!.atSample / 16).toBeWithin(1000 - 300, 1000 - 300 + 60);
  expect(second!.atSample / 16).toBeWithin(2500 - 300, 2500 - 300 + 60);
  expect(second!.utterance).not.toBe(first!.utterance);
});

test("an utterance ends the endpoint after the voice, and the detector's hangover", async () => {
  const pcm = concat(quiet(1000), speech(720), quiet(3000));
  const { marks } = await run(framesOf(pcm), { endpointMs: 400 });
  expect(marks[1]!.atSample / 16).toBeWithin(1720 + 400 - 60, 1720 + 400 + 240);
});

test("no utterance is longer than the longest allowed, and nothing between two is lost", async () => {
  const { marks, went, driven } = await run(framesOf(pinkNoise(ms(10_000), 25_000, 5)), {
    aggressiveness: 0,
    maxSegmentMs: 2000,
  });
  const lengths = marks.flatMap((mark, i) => (mark.mark === "end" ? [mark.atSample - marks[i - 1]!.atSample] : []));
  expect(lengths.length).toBeGreaterThanOrEqual(5);
  expect(Math.max(...lengths)).toBeLessThanOrEqual(ms(2000));
  expect(Math.max(...lengths)).toBeGreaterThan(ms(1960));
  expect(went + driven.gated).toBe(ms(10_000));
  expect(driven.counters.fullSegments).toBeGreaterThanOrEqual(4);
});

test("flush closes what is open and goes on; without anything open it does nothing", async () => {
  const frames = framesOf(concat(quiet(500), speech(1500), quiet(900)));
  const flush: Control = { kind: "flush" };
  const { marks } = await run([flush, ...frames.slice(0, 50), flush, flush, ...frames.slice(50)]);
  expect(shape(marks)).toBe("start end start end");
  expect(marks[1]!.atSample).toBe(50 * 320);
});

test("cancel changes nothing of what was emitted", async () => {
  const frames = framesOf(concat(quiet(500), speech(600)));
  const { out } = await run([...frames, { kind: "cancel", reason: "test" }]);
  expect(out).toEqual((await run(frames)).out);
});

test("audio that is missing from the stream ends an utterance where the audio stops", async () => {
  const frames = framesOf(concat(quiet(500), speech(3000)));
  const { marks } = await run([...frames.slice(0, 60), ...frames.slice(100)]);
  expect(shape(marks)).toBe("start end start end");
  expect(marks[1]!.atSample).toBe(60 * 320);
  expect(marks[2]!.atSample).toBe(100 * 320);
});

test("a frame that carries the right id already goes on as it is; a protected one stays protected", async () => {
  const frames = framesOf(concat(quiet(500), speech(600))).map((frame) => ({
    ...frame,
    utterance: "node-1",
    protected: true as const,
  }));
  const { audio } = await run(frames);
  expect(audio.length).toBeGreaterThan(20);
  for (const frame of audio) expect(frames).toContain(frame as (typeof frames)[number]);
  const { audio: renamed } = await run(frames.map((frame) => ({ ...frame, utterance: "elsewhere" })));
  expect(renamed.every((frame) => frame.utterance === "node-1" && frame.protected)).toBe(true);
});

test("a frame longer than the detector takes is an error that says what is wanted", async () => {
  const frames = framesOf(quiet(200), { frameMs: 100 });
  expect(await rejectionOf(run(frames))).toMatchObject({ code: "AUDIO_FORMAT_UNSUPPORTED" });
});

test("the implementation that serves is named in the run's events", async () => {
  const { driven } = await run(framesOf(quiet(100)));
  const here = sessionPool()
    ? { backend: "native", lanes: expect.stringMatching(/^(avx2|portable)$/) }
    : { backend: "wasm" };
  expect(driven.events).toEqual([{ type: "engine", engine: "webrtc-vad", ...here }]);
});

test.each([
  { aggressiveness: 4 },
  { aggressiveness: "3" },
  { preRollMs: -1 },
  { preRollMs: 2000 },
  { endpointMs: 99 },
  { maxSegmentMs: 999 },
  { minSpeechMs: 0 },
  { unknown: 1 },
])("the config %j is refused", (config) => {
  expect(vad.config.safeParse(config).success).toBe(false);
});

test("every field is described", () => {
  for (const field of Object.values(vad.config.shape))
    expect((field as { description?: string }).description).toBeString();
});

test.skipIf(!recordingsInstalled())("recorded speech is found where it is (needs pocketsphinx-testdata)", async () => {
  const pcm = concat(quiet(1000), recordingPcm("goforward.raw"), quiet(1000));
  const { marks } = await run(framesOf(pcm));
  expect(shape(marks)).toBe("start end");
  expect(marks[0]!.atSample / 16).toBeWithin(1000, 1500); // the words lie from 0.46 to 2.12 s of the recording
  expect(marks[1]!.atSample / 16).toBeWithin(3120, 4200);
});

test("the plugin offers the node and says what serves it", async () => {
  expect(plugin.nodes.map((node) => node.type)).toEqual(["webrtc.vad"]);
  for (const engine of plugin.engines!) {
    const found = await engine.find();
    if (!found.found) expect(found.mend).toBe("apt-get install gcc libc6-dev");
    else if (engine.name === "webrtc-vad") expect(found.note).toMatch(/^(native|WebAssembly)/);
  }
});
