import { describe, expect, test } from "bun:test";
import { EngineError, encodeWav, type RecordingRequest, recogniseRecording, type TextFrame } from "#engine/plugin";
import { rejectionOf } from "#test/rejection";
import { FakeHost, KEY } from "./fake-host.ts";

const wav = (ms: number, channels = 1): Uint8Array =>
  encodeWav(
    Int16Array.from({ length: 16 * ms * channels }, (_, i) => 100 * ((i % channels) + 1)),
    { sampleRateHz: 16_000, channels },
  );

const final = (text: string, more: Partial<TextFrame> = {}): TextFrame => ({
  kind: "text",
  role: "transcript",
  text,
  utterance: "u1",
  revision: 1,
  final: true,
  stableChars: text.length,
  startSample: 0,
  endSample: 8000,
  sampleRateHz: 16_000,
  ...more,
});

/** Says in each run what its first sample is. */
function hearing(inputs?: ConstructorParameters<typeof FakeHost>[0]): FakeHost {
  const host = new FakeHost(inputs);
  host.onEnd = (run) => {
    const [first] = run.pushed;
    run.give(final("no final", { final: false }));
    run.give(final(""));
    run.give(final(first?.kind === "audio" ? `heard ${first.pcm[0]}` : `heard a ${first?.kind}`));
    run.ends({ state: "done" });
  };
  return host;
}

const recognise = (host: FakeHost, more: Partial<RecordingRequest>) =>
  recogniseRecording({ key: KEY, source: { bytes: wav(500) }, ...more }, host);

describe("a recording that a client hands over", () => {
  test("is decoded for a workflow that takes audio, and its finals are what was heard", async () => {
    const host = hearing();
    const { format, durationMs, channels } = await recognise(host, { params: { engine: "e" }, labels: { task: "7" } });
    expect([format, durationMs]).toEqual([{ sampleRateHz: 16_000, channels: 1 }, 500]);
    expect(channels.map(({ channel, texts }) => [channel, ...texts.map(({ text }) => text)])).toEqual([
      [0, "heard 100"],
    ]);
    const [run] = host.runs;
    expect(run?.request).toMatchObject({ params: { engine: "e" }, labels: { task: "7" } });
    expect(run?.pushed.reduce((sum, frame) => sum + (frame.kind === "audio" ? frame.pcm.length : 0), 0)).toBe(8000);
  });

  test.each([
    { wanted: undefined, heard: [[0, "heard 100"]] },
    { wanted: [1], heard: [[1, "heard 200"]] },
    {
      wanted: "all",
      heard: [
        [0, "heard 100"],
        [1, "heard 200"],
      ],
    },
  ] as const)("is heard by its channels: $wanted", async ({ wanted, heard }) => {
    const host = hearing();
    const { channels } = await recognise(host, {
      source: { bytes: wav(200, 2) },
      ...(wanted !== undefined && { channels: wanted }),
    });
    expect(channels.map(({ channel, texts }) => [channel, ...texts.map(({ text }) => text)])).toEqual(heard as never);
    expect(host.runs).toHaveLength(heard.length);
  });

  test("goes as it is to a workflow that takes recordings, with what its client says of it", async () => {
    const host = hearing([{ name: "files", kind: "recording" }]);
    const source = { bytes: Uint8Array.of(1, 2, 3) };
    const { durationMs, channels } = await recognise(host, { source, described: { container: "amr", channels: 2 } });
    expect([durationMs, channels[0]?.texts[0]?.text]).toEqual([500, "heard a recording"]);
    expect(host.runs[0]?.pushed).toEqual([{ kind: "recording", source, container: "amr", channels: 2 }]);
  });

  test("may be decoded in another way, and is fetched by its address", async () => {
    const host = hearing();
    await host.network.listen("files.test:80", { request: async () => ({ status: 200, body: Uint8Array.of(9, 9) }) });
    const stop = host.clock.drive();
    const seen: unknown[] = [];
    const { durationMs } = await recognise(host, {
      source: { url: "http://files.test/a/talk.xyz" },
      decode: async (bytes, name) => {
        seen.push([...bytes], name);
        return { format: { sampleRateHz: 8000, channels: 1 }, pcm: new Int16Array(800) };
      },
    });
    stop();
    expect([durationMs, seen]).toEqual([100, [[9, 9], "/a/talk.xyz"]]);
  });

  const refused: readonly { what: string; request: Partial<RecordingRequest>; code: string }[] = [
    { what: "nothing", request: { source: { bytes: new Uint8Array(0) } }, code: "AUDIO_EMPTY" },
    { what: "a WAV without a sample", request: { source: { bytes: wav(0) } }, code: "AUDIO_EMPTY" },
    { what: "no recording", request: { source: { bytes: new Uint8Array(100) } }, code: "AUDIO_NOT_RECOGNISED" },
    { what: "a channel that it has not", request: { channels: [1] }, code: "AUDIO_FORMAT_UNSUPPORTED" },
    { what: "more than is taken", request: { mostMs: 499 }, code: "AUDIO_TOO_LONG" },
  ];
  test.each(refused)("with $what is refused before a run is started: $code", async ({ request, code }) => {
    const host = hearing();
    expect(await rejectionOf(recognise(host, request))).toMatchObject({ code });
    expect(host.runs).toEqual([]);
  });

  test("at an address where there is nothing is refused", async () => {
    const host = hearing();
    await host.network.listen("files.test:80", { request: async () => ({ status: 404 }) });
    const stop = host.clock.drive();
    const asked = recognise(host, { source: { url: "http://files.test/none.wav" } });
    expect(await rejectionOf(asked)).toMatchObject({ code: "VENDOR_UNREACHABLE" });
    stop();
  });

  test("fails as its run does", async () => {
    const host = new FakeHost();
    host.onRun = (run) => run.ends({ state: "failed", error: new EngineError("ENGINE_FAILED", "broken") });
    expect(await rejectionOf(recognise(host, {}))).toMatchObject({ code: "ENGINE_FAILED" });
  });
});
