import { afterAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { encodeALaw, encodeS16le, encodeWav } from "#engine/audio";
import type { AudioFrame } from "#engine/plugin";
import { VirtualClock } from "#engine/runtime";
import { type DriveOptions, driveNode } from "#engine/testing";
import core from "#plugins/core";
import { rejectionOf } from "#test/rejection";
import { concat, counting, noise } from "#test/signals";
import { chunk, data, fmt, wavBytes } from "#test/wav-bytes";

const file = core.nodes.find((node) => node.type === "core.file")!;
const folder = mkdtempSync(join(tmpdir(), "parlando-file-"));
afterAll(() => rmSync(folder, { recursive: true }));

let files = 0;
function saved(bytes: Uint8Array, extension = "wav"): string {
  const path = join(folder, `${++files}.${extension}`);
  writeFileSync(path, bytes);
  return path;
}

async function read(config: object, options: DriveOptions = {}) {
  const driven = await driveNode(file, config, options);
  const frames = driven.frames("audio") as AudioFrame[];
  return { ...driven, frames, pcm: concat(...frames.map(({ pcm }) => pcm)) };
}

const probe = (config: object) => file.opens!.probe(file.config.parse(config));

describe("a WAV", () => {
  const pcm = noise({ ms: 2510, seed: 1, rateHz: 22050 });
  const path = saved(encodeWav(pcm, { sampleRateHz: 22050, channels: 1 }));

  test("comes out whole, in frames that follow one another, the last one shorter", async () => {
    const found = await read({ path });
    expect(found.pcm).toEqual(pcm);
    expect(found.frames[0]).toMatchObject({ startSample: 0, sampleRateHz: 22050, channels: 1 });
    expect(found.frames.map(({ startSample }) => startSample)).toEqual(found.frames.map((_, i) => i * 441));
    expect(found.frames.at(-1)!.pcm.length).toBe(pcm.length % 441);
  });

  test("reports how far it is at every second, and at the end", async () => {
    const { events } = await read({ path });
    const totalMs = (pcm.length * 1000) / 22050;
    expect(events.map(({ type, positionMs, totalMs: total }) => [type, positionMs, total])).toEqual([
      ["progress", 1000, totalMs],
      ["progress", 2000, totalMs],
      ["progress", totalMs, totalMs],
    ]);
  });

  test("its format is known without reading it", async () => {
    expect(await probe({ path })).toEqual({ sampleRateHz: 22050, channels: 1, frameMs: 20 });
    // frames of 220.5 samples are not all of one length
    expect(await probe({ path, frameMs: 10 })).toEqual({ sampleRateHz: 22050, channels: 1 });
  });

  test("what stands behind its samples is no part of its length", async () => {
    const path = saved(wavBytes({ chunks: [fmt(), data([1, 2]), chunk("LIST", new Uint8Array(5000))] }));
    const { pcm, events } = await read({ path });
    expect([...pcm]).toEqual([1, 2]);
    expect(events).toEqual([{ type: "progress", positionMs: 0.125, totalMs: 0.125 }]);
  });

  test("keeps its channels together across blocks", async () => {
    const stereo = counting(120_001 * 2);
    const found = await read({ path: saved(encodeWav(stereo, { sampleRateHz: 48000, channels: 2 })), frameMs: 7 });
    expect(found.pcm).toEqual(stereo);
    expect(found.frames.every((frame) => frame.pcm.length % 2 === 0)).toBe(true);
  });
});

describe("a file without a header", () => {
  test.each<{ encoding: string; bytes: Uint8Array; out: number[] }>([
    { encoding: "s16le", bytes: encodeS16le(counting(1000)), out: [...counting(1000)] },
    { encoding: "alaw", bytes: encodeALaw(Int16Array.of(8, -8, 32256)), out: [8, -8, 32256] },
    { encoding: "mulaw", bytes: Uint8Array.of(0xff, 0x80), out: [0, 32124] },
  ])("is read as $encoding when its format says so", async ({ encoding, bytes, out }) => {
    const path = saved(bytes, "raw");
    const format = { encoding, sampleRateHz: 8000, channels: 1 };
    expect([...(await read({ path, format })).pcm]).toEqual(out);
    expect(await probe({ path, format })).toEqual({ sampleRateHz: 8000, channels: 1, frameMs: 20 });
  });

  test.each(["raw", "pcm", "ulaw"])("has to have its format stated when it ends in .%s", (extension) => {
    const parsed = file.config.safeParse({ path: `talk.${extension}` });
    expect(parsed.error?.issues).toMatchObject([{ path: ["format"], message: expect.stringContaining("no header") }]);
  });

  test("half a sample at its end is left out and reported", async () => {
    const path = saved(Uint8Array.of(1, 0, 2, 0, 3), "raw");
    const found = await read({ path, format: { encoding: "s16le", sampleRateHz: 8000, channels: 1 } });
    expect([...found.pcm]).toEqual([1, 2]);
    expect(found.events.at(-1)).toEqual({ type: "truncated", foundMs: 0.25 });
  });

  test("an hour of it is read with a hundred reports", async () => {
    const path = saved(new Uint8Array(0), "raw");
    truncateSync(path, 3600 * 8000);
    const found = await driveNode(file, {
      path,
      frameMs: 1000,
      format: { encoding: "mulaw", sampleRateHz: 8000, channels: 1 },
    });
    expect(found.emitted.length).toBe(3600);
    expect(found.events.length).toBe(100);
    expect(found.events.at(-1)).toMatchObject({ positionMs: 3_600_000, totalMs: 3_600_000 });
  });
});

describe("a recording that breaks off", () => {
  test("gives what is there and says how much was promised", async () => {
    const path = saved(wavBytes({ chunks: [fmt(), data([1, 2, 3, 4], 32000)] }));
    const { pcm, events } = await read({ path });
    expect([...pcm]).toEqual([1, 2, 3, 4]);
    expect(events.at(-1)).toEqual({ type: "truncated", declaredMs: 1000, foundMs: 0.25 });
    expect(await probe({ path })).toEqual({ sampleRateHz: 16000, channels: 1, frameMs: 20 });
  });

  test("a length that a pipe left open is no truncation", async () => {
    const path = saved(wavBytes({ riffBytes: 0xffffffff, chunks: [fmt(), data([1, 2], 0xffffffff)] }));
    expect((await read({ path })).events.map(({ type }) => type)).toEqual(["progress"]);
  });
});

describe("what cannot be read", () => {
  const cases = [
    { name: "a missing file", path: join(folder, "none.wav"), code: "FILE_NOT_FOUND", says: /no such file/ },
    { name: "a folder", path: folder, code: "FILE_UNREADABLE", says: /a folder/ },
    { name: "an empty file", path: saved(new Uint8Array(0)), code: "AUDIO_EMPTY", says: /0 bytes/ },
    {
      name: "a WAV without a sample",
      path: saved(encodeWav(new Int16Array(0), { sampleRateHz: 8000, channels: 1 })),
      code: "AUDIO_EMPTY",
      says: /no samples/,
    },
    {
      name: "a WAV cut off in its header",
      path: saved(wavBytes({ chunks: [fmt()] })),
      code: "AUDIO_TRUNCATED",
      says: /breaks off after 36 bytes/,
    },
    {
      name: "a WAV cut off before its first sample",
      path: saved(wavBytes({ chunks: [fmt(), data([], 200)] })),
      code: "AUDIO_TRUNCATED",
      says: /promises 100 samples/,
    },
    {
      name: "an MP3 by another name",
      path: saved(new TextEncoder().encode("ID3\u0004 and so on")),
      code: "AUDIO_NOT_RECOGNISED",
      says: /looks like MP3/,
    },
    {
      name: "a rate of 768 kHz",
      path: saved(wavBytes({ chunks: [fmt({ rateHz: 768_000 }), data([1])] })),
      code: "AUDIO_FORMAT_UNSUPPORTED",
      says: /768000 Hz/,
    },
  ];
  test.each(cases)("$name fails with $code, from the probe and from the node", async ({ path, code, says }) => {
    const failure = { name: "EngineError", code, message: expect.stringMatching(says) };
    expect(await rejectionOf(probe({ path }))).toMatchObject(failure);
    expect(await rejectionOf(read({ path }))).toMatchObject(failure);
    expect(await rejectionOf(read({ path }))).toHaveProperty("message", expect.stringContaining(path));
  });
});

describe("pace", () => {
  const path = saved(encodeWav(counting(16000), { sampleRateHz: 16000, channels: 1 }));

  test("at real time the last frame is out when the recording is over, however short the frames", async () => {
    const clock = new VirtualClock();
    const begunMs = clock.nowMs();
    await read({ path, pace: "realtime", frameMs: 2.5 }, { clock });
    expect(clock.nowMs() - begunMs).toBeCloseTo(1000, 6);
  });

  test("as fast as possible takes no time", async () => {
    const clock = new VirtualClock();
    await read({ path }, { clock });
    expect(clock.nowMs()).toBe(0);
  });

  test("a cancelled run stops it between two frames", async () => {
    const stop = new AbortController();
    const clock = new VirtualClock();
    clock.after(500, () => stop.abort(new Error("cancelled")));
    expect(await rejectionOf(read({ path, pace: "realtime" }, { clock, signal: stop.signal }))).toHaveProperty(
      "message",
      expect.stringContaining("cancelled"),
    );
    expect(clock.nowMs()).toBe(500);
  });
});

test("it stands for a workflow input that is bound to a path", () => {
  expect(file.opens?.kind).toBe("audio");
  expect(file.opens?.config("talk.wav")).toEqual({ path: "talk.wav" });
});
