import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { encodeWav } from "#engine/audio";
import { EngineError } from "#engine/errors";
import { type AudioFrame, type EncodedContainer, type Outgoing, openEncoder } from "#engine/plugin";
import { MemoryNetwork, VirtualClock } from "#engine/runtime";
import { driveNode } from "#engine/testing";
import core from "#plugins/core";
import { covers } from "#test/covers";
import { encodeFlac } from "#test/flac";
import { concat, noise, tone } from "#test/signals";
import { RecordingReader } from "../../../plugins/core/file/recording-reader.ts";

setDefaultTimeout(60_000);

const file = core.nodes.find((node) => node.type === "core.file")!;
const recording = core.nodes.find((node) => node.type === "core.recording")!;
const folder = mkdtempSync(join(tmpdir(), "parlando-formats-"));
afterAll(() => rmSync(folder, { recursive: true }));

const FORMAT = { sampleRateHz: 16000, channels: 1 };
const PCM = tone({ hz: 500, ms: 1500 });
const BYTES: Record<string, Uint8Array> = {};

let files = 0;
function saved(bytes: Uint8Array, name = "bin"): string {
  const path = join(folder, `${++files}.${name}`);
  writeFileSync(path, bytes);
  return path;
}

async function encoded(container: EncodedContainer): Promise<Uint8Array> {
  const encoder = await openEncoder(container, FORMAT);
  const bytes = Buffer.concat([encoder.encode(PCM), encoder.end()]);
  encoder.close();
  return new Uint8Array(bytes);
}

beforeAll(async () => {
  for (const container of ["mp3", "vorbis", "opus"] as const) BYTES[container] = await encoded(container);
  BYTES.flac = encodeFlac(PCM, FORMAT);
  BYTES.wav = encodeWav(PCM, FORMAT);
  const { encode } = await import("silk-wasm");
  BYTES.silk = (await encode(PCM, 16000)).data;
});

async function read(path: string, options = {}) {
  const driven = await driveNode(file, { path }, options);
  const frames = driven.frames("audio") as AudioFrame[];
  const { sampleRateHz = 0 } = frames[0] ?? {};
  const pcm = concat(...frames.map(({ pcm }) => pcm));
  return { ...driven, frames, pcm, ms: (pcm.length * 1000) / sampleRateHz };
}

const codeOf = (error: unknown): string => (error instanceof EngineError ? error.code : String(error));

describe.each([
  { container: "wav", rateHz: 16000, extraMs: 0 },
  { container: "mp3", rateHz: 16000, extraMs: 200 },
  { container: "vorbis", rateHz: 16000, extraMs: 1 },
  { container: "opus", rateHz: 48000, extraMs: 1 },
  { container: "flac", rateHz: 16000, extraMs: 0 },
  { container: "silk", rateHz: 24000, extraMs: 60 },
])("a recording in $container", ({ container, rateHz, extraMs }) => {
  test("is read by its bytes, whatever its name says", async () => {
    covers("S17", "S39");
    const { frames, ms, pcm } = await read(saved(BYTES[container]!, "txt"));
    expect(frames[0]).toMatchObject({ sampleRateHz: rateHz, channels: 1, startSample: 0 });
    const frameSamples = rateHz / 50;
    expect(frames.map(({ startSample }) => startSample)).toEqual(frames.map((_, i) => i * frameSamples));
    expect(ms).toBeGreaterThanOrEqual(1499.9);
    expect(ms).toBeLessThanOrEqual(1500 + extraMs);
    expect(pcm.some((sample) => Math.abs(sample) > 12_000)).toBe(true);
  });

  test("tells its format before it is read", async () => {
    const probed = await file.opens!.probe(file.config.parse({ path: saved(BYTES[container]!) }));
    expect(probed).toEqual({ sampleRateHz: rateHz, channels: 1, frameMs: 20 });
  });

  test("comes through a web address as it comes from a file", async () => {
    const whole = await read(saved(BYTES[container]!));
    const { pcm } = await read("http://music.test/moved", served(BYTES[container]!));
    expect(pcm).toEqual(whole.pcm);
  });

  test("is handed on as it is where a recogniser takes files", async () => {
    const path = saved(BYTES[container]!);
    const driven = await driveNode(recording, { path });
    expect(driven.frames("recording")).toEqual([{ kind: "recording", source: { path }, container }]);
  });
});

/** A server of one recording, at the end of a redirect. */
function served(bytes: Uint8Array, more: Partial<Outgoing> = {}) {
  const clock = new VirtualClock();
  const network = new MemoryNetwork(clock);
  const pieces = async function* () {
    for (let at = 0; at < bytes.length; at += 3000) yield bytes.slice(at, at + 3000);
  };
  void network.listen("music.test:80", {
    async request({ path }) {
      return path === "/moved"
        ? { status: 302, headers: { location: "/talk" } }
        : { status: 200, body: pieces(), ...more };
    },
  });
  return { clock, network };
}

test.each<[string, Partial<Outgoing>, string]>([
  ["answers 404", { status: 404, body: "no" }, "INPUT_UNREACHABLE"],
  ["sends a page instead", { body: "<html><body>hello</body></html>" }, "AUDIO_NOT_RECOGNISED"],
  ["sends nothing", { body: "" }, "AUDIO_EMPTY"],
  ["redirects for ever", { status: 302, headers: { location: "/moved" } }, "INPUT_UNREACHABLE"],
])("an address that %s ends in a code", async (_how, answer, code) => {
  expect(await read("http://music.test/moved", served(BYTES.wav!, answer)).then(() => "nothing", codeOf)).toBe(code);
});

test("an address is not looked at before the run", async () => {
  expect(await file.opens!.probe(file.config.parse({ path: "https://music.test/talk.mp3" }))).toBeUndefined();
});

test("a path gives no way into the network", () => {
  expect(file.fetches!(file.config.parse({ path: "/music/talk.mp3" }))).toBe(false);
});

test.each([
  { name: "an MP3 with noise within", container: "mp3", spoil: "noise", code: "AUDIO_DAMAGED" },
  { name: "a Vorbis file with noise within", container: "vorbis", spoil: "noise", code: "AUDIO_DAMAGED" },
  { name: "an Opus file with noise within", container: "opus", spoil: "noise", code: "AUDIO_DAMAGED" },
  { name: "a FLAC with noise within", container: "flac", spoil: "noise", code: "AUDIO_DAMAGED" },
  { name: "a Silk file with noise within", container: "silk", spoil: "text", code: "AUDIO_DAMAGED" },
  { name: "an MP3 of a head alone", container: "mp3", spoil: "head", code: "AUDIO_NOT_RECOGNISED" },
  { name: "a FLAC of a head alone", container: "flac", spoil: "head", code: "AUDIO_NOT_RECOGNISED" },
])("$name ends in $code and names the file", async ({ container, spoil, code }) => {
  const bytes = BYTES[container]!;
  const half = bytes.length >> 1;
  const foreign = new Uint8Array(noise({ ms: 500, seed: 7, peak: 30_000 }).buffer);
  const spoilt = {
    noise: Buffer.concat([bytes.subarray(0, half), foreign, bytes.subarray(half)]),
    text: Buffer.concat([bytes.subarray(0, 10), Buffer.from("no silk at all ".repeat(40))]),
    head: bytes.subarray(0, 44),
  }[spoil]!;
  const path = saved(spoilt);
  const error = await read(path).then(
    () => undefined,
    (cause: unknown) => cause,
  );
  expect(codeOf(error)).toBe(code);
  expect(String((error as Error).message)).toStartWith(path);
});

test("an Ogg that breaks off gives what is there, and says so", async () => {
  const { pcm, events } = await read(saved(BYTES.opus!.subarray(0, BYTES.opus!.length >> 1)));
  expect(events.filter(({ type }) => type === "truncated")).toEqual([{ type: "truncated", foundMs: pcm.length / 48 }]);
  expect(pcm.length).toBeGreaterThan(10_000);
});

describe("what only ffmpeg decodes", () => {
  const amr = saved(new TextEncoder().encode("#!AMR\n and its frames"), "amr");

  test("is refused by name where it is not installed", async () => {
    const opening = RecordingReader.open(amr, { environment: {} });
    const error = await opening.then(
      () => undefined,
      (cause: unknown) => cause,
    );
    expect(codeOf(error)).toBe("ENGINE_MISSING");
    expect(String((error as Error).message)).toContain("amr is decoded by ffmpeg, which is not installed");
  });

  /** A program of that name which writes down how it was called. */
  function program(script: string): { PATH: string; called: string } {
    const bin = join(folder, `bin${++files}`);
    const called = join(bin, "called");
    mkdirSync(bin);
    writeFileSync(join(bin, "ffmpeg"), `#!/bin/sh\necho "$@" > ${called}\n${script}\n`);
    chmodSync(join(bin, "ffmpeg"), 0o755);
    return { PATH: `${bin}:/bin:/usr/bin`, called };
  }

  async function wholeOf(path: string, environment: { PATH: string }): Promise<Int16Array> {
    const reader = await RecordingReader.open(path, { environment });
    try {
      const pieces: Int16Array[] = [];
      for (let piece = await reader.next(); piece; piece = await reader.next()) pieces.push(piece);
      return concat(...pieces);
    } finally {
      await reader.close();
    }
  }

  test("goes through it, told which container and file to open and nothing else", async () => {
    const wav = saved(BYTES.wav!, "wav");
    const { PATH, called } = program(`cat ${wav}`);
    expect(await wholeOf(amr, { PATH })).toEqual(PCM);
    expect(await Bun.file(called).text()).toContain(`-protocol_whitelist file,pipe -f amr -i file:${amr} `);
  });

  test.each([
    { name: "that fails at once", script: "exit 1", code: "AUDIO_DAMAGED" },
    { name: "that fails in the middle", script: `head -c 20000 WAV; exit 1`, code: "AUDIO_DAMAGED" },
    { name: "that gives nonsense", script: "echo nonsense nonsense nonsense", code: "AUDIO_NOT_RECOGNISED" },
    { name: "that is killed", script: "kill -9 $$", code: "AUDIO_DAMAGED" },
  ])("a program $name ends in $code", async ({ script, code }) => {
    const { PATH } = program(script.replace("WAV", saved(BYTES.wav!, "wav")));
    expect(await wholeOf(amr, { PATH }).then(() => "nothing", codeOf)).toBe(code);
  });
});
