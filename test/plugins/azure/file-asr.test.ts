import { describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { encodeWav } from "#engine/audio";
import type { RecordingFrame } from "#engine/plugin";
import { driveNode } from "#engine/testing";
import { covers } from "#test/covers";
import { rejectionOf } from "#test/rejection";
import { hears } from "#test/service-workflows";
import { textsOf } from "#test/texts";
import { fromBatch, fromFast, fromShort, shortAnswer } from "../../../plugins/azure/file/phrases.ts";
import { fileAsr } from "../../../plugins/azure/file-asr.ts";
import { ACCESS, openService } from "./service.ts";

const wav = (seconds: number, channels = 1) =>
  encodeWav(new Int16Array(16_000 * seconds * channels), { sampleRateHz: 16_000, channels });
const bytes = (of: Uint8Array): RecordingFrame => ({ kind: "recording", source: { bytes: of }, container: "wav" });

async function recognised(
  frame: RecordingFrame,
  config: Record<string, unknown> = {},
  workflow = hears("one two", "three"),
) {
  const service = await openService({ workflow });
  const { network, clock } = service;
  await network.listen("files.test:80", {
    async request({ path }) {
      return path === "/talk.wav" ? { status: 200, body: wav(2) } : { status: 404 };
    },
  });
  try {
    const driven = await driveNode(fileAsr, { ...ACCESS, ...config }, { frames: [frame], clock, network });
    return { ...driven, finals: textsOf(driven.frames("final")), endedMs: clock.nowMs() };
  } finally {
    await service.close();
  }
}

const SAID = [
  { text: "one two", startSample: 0, endSample: 16_000 },
  { text: "three", startSample: 16_000, endSample: 32_000 },
];

describe("fast recognition", () => {
  test("gives the phrases of a file with the times of their words", async () => {
    covers("S7", "S19");
    const { finals, usage } = await recognised(bytes(wav(2)));
    expect(finals).toMatchObject(SAID);
    expect(finals[0]).toMatchObject({
      language: "en-US",
      confidence: 0.9,
      words: [
        { text: "one", startSample: 0, endSample: 8000 },
        { text: "two", startSample: 8000, endSample: 16_000 },
      ],
    });
    expect(usage).toMatchObject({ audioSeconds: 2, requests: 1 });
  });

  test("hears each channel by itself", async () => {
    const { finals } = await recognised(bytes(wav(2, 2)), { channels: [0, 1] });
    expect(finals.map(({ channel, text }) => `${channel} ${text}`)).toEqual([
      "0 one two",
      "0 three",
      "1 one two",
      "1 three",
    ]);
  });

  test("reads a file from its path", async () => {
    const folder = mkdtempSync(join(tmpdir(), "parlando-azure-"));
    writeFileSync(join(folder, "a b.wav"), wav(2));
    const { finals } = await recognised({ kind: "recording", source: { path: join(folder, "a b.wav") } });
    rmSync(folder, { recursive: true });
    expect(finals).toMatchObject(SAID);
  });
});

test("short recognition gives one text", async () => {
  covers("S19");
  const { finals } = await recognised(bytes(wav(2)), { api: "short" });
  expect(finals).toMatchObject([{ text: "one two three", startSample: 0, endSample: 32_000 }]);
});

describe("a batch", () => {
  const talk: RecordingFrame = { kind: "recording", source: { url: "http://files.test/talk.wav" } };

  test("is submitted by address, asked for, and deleted when its result was handed on", async () => {
    covers("S19");
    const { finals, events, endedMs } = await recognised(talk, { api: "batch", pollMs: 2000 });
    expect(finals).toMatchObject(SAID);
    expect(events.map(({ type }) => type)).toContain("submitted");
    expect(endedMs).toBeGreaterThanOrEqual(2000);
  });

  test("goes on after a restart, without a second submission", async () => {
    const service = await openService({ workflow: hears("one two", "three") });
    const { network, clock } = service;
    await network.listen("files.test:80", { request: async () => ({ status: 200, body: wav(2) }) });
    const kept = new Map<string, string>();
    const desk = {
      callback: () => Promise.reject(new Error("nobody calls back")),
      durable: () => ({
        get: async (name: string) => kept.get(name),
        set: async (name: string, value: string | undefined) =>
          void (value === undefined ? kept.delete(name) : kept.set(name, value)),
      }),
    };
    const drive = () => driveNode(fileAsr, { ...ACCESS, api: "batch" }, { frames: [talk], clock, network, desk });
    const first = await drive();
    expect(first.usage.requests).toBe(1);
    expect(kept.size).toBe(0);
    // as if the process had been killed right after the submission
    const answer = await network.fetch({
      url: "http://azure.test/speechtotext/transcriptions:submit",
      method: "POST",
      headers: { "Ocp-Apim-Subscription-Key": "example-key" },
      body: JSON.stringify({ contentUrls: ["http://files.test/talk.wav"], locale: "en-US", displayName: "x" }),
    });
    const { self } = (await answer.json()) as { self: string };
    const name = `batch ${new Bun.CryptoHasher("sha256").update("http://files.test/talk.wav").digest("hex").slice(0, 32)}`;
    kept.set(name, JSON.stringify({ self, submittedAtMs: 8e15 }));
    const second = await drive();
    expect(second.usage.requests).toBeUndefined();
    expect(textsOf(second.frames("final"))).toMatchObject(SAID);
    await service.close();
  });

  test("whose recording cannot be had is a failure with a code", async () => {
    const missing: RecordingFrame = { kind: "recording", source: { url: "http://files.test/none.wav" } };
    expect(await rejectionOf(recognised(missing, { api: "batch" }))).toMatchObject({
      code: "VENDOR_FAILED",
      details: { vendorCode: "VENDOR_UNREACHABLE" },
    });
  });
});

describe("what cannot be recognised", () => {
  test.each([
    { name: "a file without bytes", frame: bytes(new Uint8Array(0)), config: {}, code: "AUDIO_EMPTY" },
    {
      name: "an address where files are wanted",
      frame: { kind: "recording", source: { url: "http://x.test/a.wav" } },
      config: {},
      code: "CONFIG_INVALID",
    },
    {
      name: "a file where an address is wanted",
      frame: bytes(wav(1)),
      config: { api: "batch" },
      code: "CONFIG_INVALID",
    },
    {
      name: "a file that is not there",
      frame: { kind: "recording", source: { path: "/nowhere.wav" } },
      config: {},
      code: "FILE_NOT_FOUND",
    },
    { name: "a wrong key", frame: bytes(wav(1)), config: { key: "wrong" }, code: "VENDOR_KEY_REFUSED" },
    {
      name: "a channel that it does not have",
      frame: bytes(wav(1)),
      config: { channels: [1] },
      code: "VENDOR_REFUSED",
    },
    {
      name: "something that is no audio",
      frame: bytes(new TextEncoder().encode("hello there, this is no audio at all")),
      config: {},
      code: "VENDOR_REFUSED",
    },
  ] as const)("is refused with a code: $name", async ({ frame, config, code }) => {
    expect(await rejectionOf(recognised(frame, config))).toMatchObject({ code });
  });

  test.each([
    { config: { speakers: 2, channels: [0, 1] }, at: "speakers" },
    { config: { api: "short", speakers: 2 }, at: "api" },
  ])("a config that the service does not know is refused: %o", ({ config, at }) => {
    const parsed = fileAsr.config.safeParse({ ...ACCESS, ...config });
    expect(parsed.error?.issues[0]?.path[0]).toBe(at);
  });
});

describe("answers as the service writes them", () => {
  test("of fast transcription are in milliseconds", () => {
    const answer = {
      durationMilliseconds: 5000,
      phrases: [
        {
          speaker: 1,
          offsetMilliseconds: 100,
          durationMilliseconds: 900,
          text: "Hi.",
          words: [{ text: "Hi.", offsetMilliseconds: 100, durationMilliseconds: 400 }],
          locale: "en-GB",
          confidence: 0.7,
        },
      ],
    };
    expect(fromFast(answer).phrases).toEqual([
      {
        text: "Hi.",
        startMs: 100,
        endMs: 1000,
        speaker: "Guest-1",
        language: "en-GB",
        confidence: 0.7,
        words: [{ text: "Hi.", startMs: 100, endMs: 500 }],
      },
    ]);
  });

  test("of a batch are in ticks, and phrases that failed are left out", () => {
    const best = {
      confidence: 0.5,
      display: "Hi.",
      words: [{ word: "hi", offsetInTicks: 0, durationInTicks: 5_000_000 }],
    };
    const found = fromBatch({
      durationInTicks: 50_000_000,
      recognizedPhrases: [
        {
          recognitionStatus: "Success",
          channel: 1,
          offsetInTicks: 10_000_000,
          durationInTicks: 20_000_000,
          nBest: [best],
        },
        { recognitionStatus: "NoMatch", offsetInTicks: 0, durationInTicks: 0, nBest: [] },
      ],
    });
    expect(found).toEqual({
      durationMs: 5000,
      phrases: [
        {
          text: "Hi.",
          startMs: 1000,
          endMs: 3000,
          channel: 1,
          confidence: 0.5,
          words: [{ text: "hi", startMs: 0, endMs: 500 }],
        },
      ],
    });
  });

  test("of short recognition have numbers or texts for times", () => {
    const read = shortAnswer.parse({
      RecognitionStatus: "Success",
      DisplayText: "Hi.",
      Offset: "1000000",
      Duration: 20_000_000,
    });
    expect(fromShort(read)).toEqual({
      durationMs: 2100,
      phrases: [{ text: "Hi.", startMs: 100, endMs: 2100, words: [] }],
    });
  });
});
