import { describe, expect, test } from "bun:test";
import { z } from "zod";
import {
  type AudioFrame,
  byUtterance,
  defineNode,
  encodeWav,
  type Frame,
  type NodeDefinition,
  type RecordingFrame,
  type SpeechMark,
  type TextFrame,
  WavReader,
} from "#engine/plugin";
import { driveNode } from "#engine/testing";
import { rejectionOf } from "#test/rejection";

const RATE = 16_000;
const audio = (n: number): AudioFrame => ({
  kind: "audio",
  pcm: new Int16Array(320).fill(n),
  sampleRateHz: RATE,
  channels: 1,
  startSample: n * 320,
});
const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => audio(from + i));
const mark = (kind: "start" | "end", n: number, utterance: string): SpeechMark => ({
  kind: "speech",
  mark: kind,
  utterance,
  atSample: n * 320,
  sampleRateHz: RATE,
});

function sentence(text: string, startSample: number, endSample: number, utterance: string): TextFrame {
  return {
    kind: "text",
    role: "transcript",
    text,
    utterance,
    revision: 1,
    final: true,
    stableChars: text.length,
    startSample,
    endSample,
    sampleRateHz: 8000,
    words: [{ text, startSample, endSample }],
  };
}

/** Finds two sentences in every recording, at its beginning and 40 ms later, in positions of 8 kHz. */
function fileRecogniser() {
  const recordings: RecordingFrame[] = [];
  const definition: NodeDefinition = defineNode({
    type: "double.file-asr",
    summary: "Recognises files.",
    role: "file-asr",
    shape: "task",
    inputs: { recording: { kinds: ["recording"] } },
    outputs: { final: { kinds: ["text"], textRole: "transcript" } },
    config: z.strictObject({}),
    create: (_config, ctx) => ({
      async run(input, emit) {
        for await (const frame of input) {
          if (frame.kind !== "recording") continue;
          recordings.push(frame);
          await ctx.clock.sleep(50);
          await emit(sentence(`first ${recordings.length}`, 0, 160, ctx.newUtterance()));
          await emit(sentence("second", 320, 480, ctx.newUtterance()));
        }
      },
    }),
  });
  return { definition, recordings };
}

describe("a recogniser of files behind a live stream", () => {
  test("gets each utterance as a WAV, and its sentences become one final in their place", async () => {
    const { definition, recordings } = fileRecogniser();
    const frames = [
      mark("start", 10, "u1"),
      ...range(10, 14),
      mark("end", 14, "u1"),
      ...range(14, 20),
      mark("start", 20, "u2"),
      ...range(20, 22),
      mark("end", 22, "u2"),
    ];
    const texts = (await driveNode(byUtterance(definition), {}, { frames })).frames() as TextFrame[];
    expect(recordings.map(({ durationMs, container }) => [durationMs, container])).toEqual([
      [80, "wav"],
      [40, "wav"],
    ]);
    expect(
      texts.map(({ utterance, text, startSample, endSample, revision }) => [
        utterance,
        text,
        startSample,
        endSample,
        revision,
      ]),
    ).toEqual([
      ["u1", "first 1 second", 3200, 4480, 1],
      ["u2", "first 2 second", 6400, 7040, 1],
    ]);
    expect(texts[0]?.words?.map(({ startSample }) => startSample)).toEqual([3200, 3200 + 640]);
  });

  test("gets the very samples that came", async () => {
    const { definition, recordings } = fileRecogniser();
    await driveNode(
      byUtterance(definition),
      {},
      { frames: [mark("start", 0, "u"), ...range(0, 3), mark("end", 3, "u")] },
    );
    const [{ source } = { source: { path: "" } }] = recordings;
    const reader = new WavReader();
    const pcm = reader.push("bytes" in source ? source.bytes : new Uint8Array());
    expect([...pcm]).toEqual(range(0, 3).flatMap((frame) => [...frame.pcm]));
  });

  test("gets pieces of at most 55 s where there are no marks", async () => {
    const { definition, recordings } = fileRecogniser();
    await driveNode(byUtterance(definition), {}, { frames: range(0, 3000) });
    expect(recordings.map(({ durationMs }) => durationMs)).toEqual([55_000, 5000]);
  });

  test("passes recordings on as they are", async () => {
    const { definition, recordings } = fileRecogniser();
    const recording: RecordingFrame = {
      kind: "recording",
      source: { url: "https://example.test/a.mp3" },
      container: "mp3",
    };
    const { frames } = await driveNode(byUtterance(definition), {}, { frames: [recording] });
    expect(recordings).toEqual([recording]);
    expect(frames().map((frame) => (frame as TextFrame).text)).toEqual(["first 1", "second"]);
  });

  test("fails with what it failed with", async () => {
    const { definition } = fileRecogniser();
    const broken: NodeDefinition = {
      ...definition,
      create: () => ({ run: async () => Promise.reject(new Error("broken")) }),
    };
    const frames = [mark("start", 0, "u"), ...range(0, 3), mark("end", 3, "u")];
    expect(await rejectionOf(driveNode(byUtterance(broken), {}, { frames }))).toHaveProperty(
      "message",
      expect.stringContaining("broken"),
    );
  });
});

/** Counts what each of its sessions heard. */
function streamRecogniser(sampleRateHz: number) {
  const sessions: Frame[][] = [];
  const formats: unknown[] = [];
  const definition: NodeDefinition = defineNode({
    type: "double.asr",
    summary: "Recognises streams.",
    role: "asr",
    shape: "task",
    inputs: { audio: { kinds: ["audio", "speech"], audio: { sampleRateHz, channels: 1 } } },
    outputs: { final: { kinds: ["text"], textRole: "transcript" } },
    config: z.strictObject({}),
    create: (_config, ctx) => {
      formats.push(ctx.format);
      return {
        async run(input, emit) {
          const heard: Frame[] = [];
          sessions.push(heard);
          for await (const frame of input) heard.push(frame);
          const speech = heard.find((frame) => frame.kind === "speech");
          await emit(sentence("heard", 0, 100, speech?.utterance ?? ctx.newUtterance()));
        },
      };
    },
  });
  return { definition, sessions, formats };
}

describe("a recogniser of streams behind recordings", () => {
  test.each([
    { name: "in its own format", rate: 16_000, channels: 1 },
    { name: "of another rate and two channels", rate: 8000, channels: 2 },
  ])("gets a recording $name as a stream with marks", async ({ rate, channels }) => {
    const { definition, sessions, formats } = streamRecogniser(16_000);
    const wav = encodeWav(new Int16Array(rate * channels).fill(7), { sampleRateHz: rate, channels });
    const recording: RecordingFrame = { kind: "recording", source: { bytes: wav }, container: "wav" };
    const { frames } = await driveNode(byUtterance(definition), {}, { frames: [recording, recording] });
    expect(sessions).toHaveLength(2);
    const [heard = []] = sessions;
    expect(heard[0]).toMatchObject({ kind: "speech", mark: "start", atSample: 0 });
    expect(heard.at(-1)).toMatchObject({ kind: "speech", mark: "end", atSample: 16_000 });
    expect(heard.reduce((sum, frame) => sum + (frame.kind === "audio" ? frame.pcm.length : 0), 0)).toBe(16_000);
    expect(formats[0]).toEqual({ sampleRateHz: 16_000, channels: 1 });
    expect(frames().map((frame) => (frame as TextFrame).text)).toEqual(["heard", "heard"]);
  });

  test("refuses what is no WAV with a code", async () => {
    const { definition } = streamRecogniser(16_000);
    const recording: RecordingFrame = {
      kind: "recording",
      source: { bytes: new TextEncoder().encode("no recording at all") },
    };
    expect(await rejectionOf(driveNode(byUtterance(definition), {}, { frames: [recording] }))).toMatchObject({
      code: "AUDIO_NOT_RECOGNISED",
    });
  });

  test("still takes a stream", async () => {
    const { definition, sessions } = streamRecogniser(16_000);
    await driveNode(byUtterance(definition), {}, { frames: range(0, 5) });
    expect(sessions.map((heard) => heard.length)).toEqual([5]);
  });
});
