import { describe, expect, test } from "bun:test";
import {
  EngineError,
  encodeWav,
  type HttpRequest,
  type NodeDefinition,
  type RecordingFrame,
  type TaskNode,
  withFallback,
  withRetry,
} from "#engine/plugin";
import { covers } from "#test/covers";
import { MemoryDesk } from "#test/memory-desk";
import { errorOf } from "#test/rejection";
import { textsOf } from "#test/texts";
import type { ServiceOptions } from "#test/vendor-service";
import { fileAsr } from "../../../plugins/tencent/file-asr.ts";
import { ACCESS, finals, hearing, type TencentService, tencent } from "./service.ts";

const URLS = {
  legacy: "http://tencent.test/asr/v1",
  current: "http://tencent.test/",
  flash: "http://tencent.test/asr/flash/v1",
} as const;

const wav = (ms: number, sampleRateHz = 16_000, channels = 1): Uint8Array =>
  encodeWav(new Int16Array((ms * sampleRateHz * channels) / 1000).fill(7), { sampleRateHz, channels });

const upload = (bytes: Uint8Array, more: Partial<RecordingFrame> = {}): RecordingFrame => ({
  kind: "recording",
  source: { bytes },
  ...more,
});

/** A service, a process that can be called back, and recordings that can be fetched. */
async function setting(options: Partial<ServiceOptions> = {}): Promise<{ service: TencentService; desk: MemoryDesk }> {
  const service = await tencent(options);
  await service.network.listen("files.test:80", {
    request: async ({ path }) =>
      path === "/talk.wav" ? { status: 200, body: wav(3000) } : { status: 404, body: "not here" },
  });
  return { service, desk: await MemoryDesk.open(service.network, "here.test:80") };
}

describe("tencent.file-asr", () => {
  test.each([
    { name: "the older interface, by callback", api: "legacy", config: {} },
    { name: "the current one, polled", api: "current", config: {} },
    { name: "the current one, by callback", api: "current", config: { delivery: "callback" } },
    { name: "flash", api: "flash", config: {} },
  ] as const)("an uploaded recording is recognised through $name", async ({ api, config }) => {
    covers("T2", "T5", "T8");
    const { service, desk } = await setting();
    await using _ = service;
    const { frames, usage, counters } = await service.drive(
      fileAsr,
      { api, url: URLS[api], ...config },
      { frames: [upload(wav(3000))], desk },
    );
    expect(textsOf(frames("final")).map(({ text, startSample, endSample }) => [text, startSample, endSample])).toEqual([
      ["one two", 0, 16_000],
      ["three four", 16_000, 32_000],
      ["five six", 32_000, 48_000],
    ]);
    expect(usage).toMatchObject({ requests: 1, audioSeconds: 3 });
    expect(counters).toEqual({});
    expect([...desk.kept]).toEqual([]);
    expect(service.emulator.host.running).toBe(0);
  });

  test.each([{ api: "legacy" }, { api: "current" }] as const)(
    "the $api interface fetches a recording by its address",
    async ({ api }) => {
      covers("T2");
      const { service, desk } = await setting();
      await using _ = service;
      const recording: RecordingFrame = { kind: "recording", source: { url: "http://files.test/talk.wav" } };
      const { frames } = await service.drive(fileAsr, { api, url: URLS[api] }, { frames: [recording], desk });
      expect(finals(frames())).toEqual(["one two", "three four", "five six"]);
    },
  );

  test("words have times and speakers numbers where they are asked for", async () => {
    const workflow = hearing([{ text: "one two", words: "auto", speaker: "1", fromMs: 0, untilMs: 1000 }]);
    for (const api of ["current", "flash"] as const) {
      const { service, desk } = await setting({ workflow });
      await using _ = service;
      const config = { api, url: URLS[api], words: true, speakers: true };
      const { frames } = await service.drive(fileAsr, config, { frames: [upload(wav(1000))], desk });
      expect(textsOf(frames())[0]?.words?.map(({ text }) => text)).toEqual(["one", "two"]);
    }
  });

  test.each(["utf-8", "gb2312", "gbk", "big5"])(
    "text written in %s arrives as it was said, as a form and as JSON",
    async (encoding) => {
      covers("T4", "T5");
      const said = encoding === "big5" ? "你好，世界 & 再見" : "你好，世界 & 再见";
      for (const callbackBody of ["form", "json"]) {
        const { service, desk } = await setting({
          workflow: hearing([{ text: said, fromMs: 0, untilMs: 1000 }]),
          gatewayConfig: { callbackBody },
        });
        await using _ = service;
        const config = { api: "legacy", url: URLS.legacy, encoding };
        const { frames } = await service.drive(fileAsr, config, { frames: [upload(wav(1000))], desk });
        expect(finals(frames())).toEqual([said]);
        expect(desk.called).toHaveLength(1);
      }
    },
  );

  test("two channels are recognised side by side", async () => {
    covers("T3");
    const { service, desk } = await setting({ workflow: hearing([{ text: "one two", fromMs: 0, untilMs: 1000 }]) });
    await using _ = service;
    const config = { api: "legacy", url: URLS.legacy, engine: "8k_0", channels: 2 };
    const { frames } = await service.drive(fileAsr, config, { frames: [upload(wav(1000, 8000, 2))], desk });
    expect(textsOf(frames()).map(({ text, speaker, startSample }) => [text, speaker, startSample])).toEqual([
      ["one two", "0", 0],
      ["one two", "1", 8000],
    ]);
  });

  test("a refused callback comes again until it is taken, and only one counts", async () => {
    covers("T5");
    const { service, desk } = await setting();
    await using _ = service;
    desk.refusals = 3;
    const began = service.clock.nowMs();
    const config = { api: "legacy", url: URLS.legacy };
    const { frames } = await service.drive(fileAsr, config, { frames: [upload(wav(3000))], desk });
    expect([finals(frames()).length, desk.called.length]).toEqual([3, 4]);
    expect(service.clock.nowMs() - began).toBeGreaterThanOrEqual(1000 + 2000 + 4000);
    expect(new Set(desk.called.map(({ body }) => new TextDecoder().decode(body))).size).toBe(1);
  });

  test("calls that are forged, garbled or of another task are passed over", async () => {
    covers("T5");
    const { service, desk } = await setting();
    await using _ = service;
    const bytes = wav(3000);
    const post = (url: string, body: string) => service.network.fetch({ url, method: "POST", body });
    desk.refusals = 1; // there is time to be called by others
    const driving = service.drive(fileAsr, { api: "legacy", url: URLS.legacy }, { frames: [upload(bytes)], desk });
    await service.clock.sleep(500);
    const { url } = await desk.callback(
      { runId: "run", nodeId: "node", name: [...desk.kept.keys()][0]?.replace("run node ", "") ?? "" },
      { mediaType: "", body: "" },
    );
    await post(url, "code=0&requestId=1&text=forged&audioTime=1");
    await post(url, "nonsense");
    const { frames, counters } = await driving;
    expect(finals(frames())).toEqual(["one two", "three four", "five six"]);
    expect(counters).toEqual({ strayCallbacks: 1, garbledCallbacks: 1 });
    expect((await post("http://here.test/callbacks/other", "code=0")).status).toBe(404);
  });

  test.each([
    { name: "called back", config: { api: "legacy", url: URLS.legacy } },
    { name: "polled", config: { api: "current", url: URLS.current } },
  ])(
    "a result that is $name reaches the process that was started meanwhile, without another submission",
    async ({ config }) => {
      covers("T5");
      const { service, desk } = await setting();
      await using _ = service;
      const recording = upload(wav(3000));
      desk.refusals = 2; // the result cannot be taken for three seconds
      const stop = new AbortController();
      const first = errorOf(service.drive(fileAsr, config, { frames: [recording], desk, signal: stop.signal }));
      await service.clock.sleep(1000);
      stop.abort(new EngineError("RUN_CANCELLED", "the process ends"));
      expect((await first).code).toBe("RUN_CANCELLED");
      await service.clock.sleep(20_000);
      const { frames, events } = await service.drive(fileAsr, config, { frames: [recording], desk });
      expect(finals(frames())).toEqual(["one two", "three four", "five six"]);
      expect(events.map(({ type }) => type)).toEqual(["resumed"]);
      expect(service.emulator.host.reports).toHaveLength(1);
      expect([...desk.kept]).toEqual([]);
    },
  );

  test("a result that was taken but not handed on is kept for the next process", async () => {
    covers("T5");
    const { service, desk } = await setting();
    await using _ = service;
    const kept = {
      taskId: "5",
      submittedAtMs: Date.UTC(2026, 0, 1),
      report: { code: 0, taskId: "5", text: "kept", durationMs: 100 },
    };
    const recording = upload(wav(100));
    const { markOf } = await import("../../../plugins/tencent/file-asr/source.ts");
    const mark = markOf({ bytes: wav(100), container: "wav" });
    await desk.durable("run", "node").set(`task ${mark}`, JSON.stringify(kept));
    const { frames } = await service.drive(fileAsr, { api: "legacy", url: URLS.legacy }, { frames: [recording], desk });
    expect(finals(frames())).toEqual(["kept"]);
  });

  test("a result that never comes is late", async () => {
    const { service, desk } = await setting();
    await using _ = service;
    desk.refusals = 100;
    const config = { api: "legacy", url: URLS.legacy, resultMs: 5000 };
    const error = await errorOf(service.drive(fileAsr, config, { frames: [upload(wav(3000))], desk }));
    expect(error.code).toBe("RESULT_LATE");
    expect([...desk.kept]).toEqual([]);
  });

  test("what is refused, by code", async () => {
    covers("T6");
    const cases = [
      { api: "legacy", vendorError: 1016, code: "VENDOR_QUOTA_EXHAUSTED" },
      { api: "legacy", vendorError: 1030, code: "VENDOR_KEY_REFUSED" },
      { api: "legacy", vendorError: 1034, code: "VENDOR_FAILED" },
      { api: "legacy", vendorError: 10002, code: "AUDIO_TOO_LONG" },
      { api: "legacy", vendorError: 10006, code: "AUDIO_FORMAT_UNSUPPORTED" },
      { api: "current", vendorError: "FailedOperation.UserHasNoAmount", code: "VENDOR_QUOTA_EXHAUSTED" },
      { api: "current", vendorError: "RequestLimitExceeded", code: "VENDOR_RATE_LIMITED" },
      { api: "flash", vendorError: 4006, code: "VENDOR_RATE_LIMITED" },
      { api: "flash", vendorError: 4012, code: "AUDIO_EMPTY" },
    ] as const;
    for (const { api, vendorError, code } of cases) {
      const { service, desk } = await setting({ faults: [{ on: "handshake", do: { vendorError } }] });
      await using _ = service;
      const error = await errorOf(
        service.drive(fileAsr, { api, url: URLS[api] }, { frames: [upload(wav(100))], desk }),
      );
      expect([vendorError, error.code, error.details.vendorCode]).toEqual([vendorError, code, vendorError]);
    }
  });

  test("where the quota is used up, the fallback takes the recording over at once", async () => {
    covers("T6");
    const { service, desk } = await setting({
      faults: [{ on: "handshake", mount: "/asr/v1/:appid", do: { vendorError: 1016 } }],
    });
    await using _ = service;
    const flash = fileAsr.config.parse({ ...ACCESS, api: "flash", url: URLS.flash });
    const { frames, events } = await service.drive(
      withFallback(withRetry(fileAsr, 3), { definition: fileAsr, config: flash }),
      { api: "legacy", url: URLS.legacy },
      { frames: [upload(wav(3000))], desk },
    );
    expect(finals(frames())).toEqual(["one two", "three four", "five six"]);
    expect(
      events.filter(({ type }) => type === "retry" || type === "fallback").map(({ type, code }) => [type, code]),
    ).toEqual([["fallback", "VENDOR_QUOTA_EXHAUSTED"]]);
  });

  test("what is changed while it runs holds for the next recording", async () => {
    covers("T7");
    const { service, desk } = await setting();
    await using _ = service;
    const before = { ...ACCESS, api: "legacy", url: URLS.legacy, encoding: "utf-8", engine: "16k_0" };
    const asked: string[] = [];
    const watched: NodeDefinition = {
      ...fileAsr,
      async create(config, ctx) {
        const network = {
          ...ctx.network,
          fetch: (request: HttpRequest) => {
            const { searchParams } = new URL(request.url);
            asked.push(`${searchParams.get("engine_model_type")} ${searchParams.get("res_text_format")}`);
            return ctx.network.fetch(request);
          },
        };
        const node = (await fileAsr.create(config, Object.create(ctx, { network: { value: network } }))) as TaskNode;
        return {
          run: (input, emit, signal) => node.run(input, emit, signal),
          onControl: () => node.onUpdate?.(fileAsr.config.parse({ ...before, encoding: "gbk", engine: "8k_0" })),
        };
      },
    };
    const { frames } = await service.drive(watched, before, {
      frames: [upload(wav(3000)), { kind: "flush" }, upload(wav(2000))],
      desk,
    });
    expect(asked).toEqual(["16k_0 0", "8k_0 2"]);
    expect(finals(frames()).slice(0, 2)).toEqual(["one two", "three four"]);
  });

  test("a question that fails for the moment is asked again", async () => {
    const { service, desk } = await setting({
      faults: [{ on: "handshake", connections: [2, 3], do: { rateLimit: true } }],
    });
    await using _ = service;
    const { frames, counters } = await service.drive(
      fileAsr,
      { url: URLS.current },
      { frames: [upload(wav(3000))], desk },
    );
    expect([finals(frames()).length, counters.failedPolls]).toEqual([3, 2]);
  });

  test.each([
    {
      name: "a recording that nothing here can decode",
      bytes: new TextEncoder().encode("#!AMR\nabcdefg"),
      code: "AUDIO_NOT_RECOGNISED",
      vendorCode: 10000,
    },
    {
      name: "a WAV that breaks off in its head",
      bytes: wav(100).slice(0, 30),
      code: "AUDIO_NOT_RECOGNISED",
      vendorCode: 10004,
    },
    {
      name: "a recording with two channels where one was said",
      bytes: wav(100, 16_000, 2),
      code: "AUDIO_FORMAT_UNSUPPORTED",
      vendorCode: 10006,
    },
  ])("$name gives the vendor's own error", async ({ bytes, code, vendorCode }) => {
    covers("T9", "T6");
    const { service, desk } = await setting();
    await using _ = service;
    const config = { api: "legacy", url: URLS.legacy };
    const error = await errorOf(service.drive(fileAsr, config, { frames: [upload(bytes)], desk }));
    expect([error.code, error.details.vendorCode]).toEqual([code, vendorCode]);
  });

  test("what cannot be sent is refused before it is", async () => {
    covers("T1", "T2");
    const { service, desk } = await setting();
    await using _ = service;
    const long = { kind: "recording", source: { url: `http://files.test/${"a".repeat(2048)}` } } as const;
    const cases: [config: Record<string, unknown>, frame: RecordingFrame, code: string][] = [
      [{ api: "legacy" }, long, "CONFIG_INVALID"],
      [{ api: "legacy" }, upload(new Uint8Array(5 * 1024 * 1024 + 1)), "UPLOAD_TOO_LARGE"],
      [{ api: "legacy" }, upload(wav(100), { container: "flac" }), "AUDIO_FORMAT_UNSUPPORTED"],
      [{ api: "legacy" }, upload(wav(100), { channels: 2 }), "AUDIO_FORMAT_UNSUPPORTED"],
      [{ api: "legacy" }, upload(new Uint8Array(0)), "AUDIO_EMPTY"],
      [{ api: "current" }, { kind: "recording", source: { path: "/nowhere/talk.wav" } }, "FILE_NOT_FOUND"],
      [{ api: "flash" }, { kind: "recording", source: { url: "http://files.test/talk.wav" } }, "CONFIG_INVALID"],
      [{ api: "flash" }, upload(Uint8Array.of(1, 2, 3, 4)), "AUDIO_NOT_RECOGNISED"],
    ];
    for (const [config, frame, code] of cases) {
      const error = await errorOf(
        service.drive(fileAsr, { ...config, url: URLS[config.api as "flash"] }, { frames: [frame], desk }),
      );
      expect(error.code).toBe(code as never);
    }
    expect(service.emulator.host.reports).toEqual([]);
  });

  test("without an address to be called at, the run does not start", async () => {
    covers("T5");
    const { service } = await setting();
    await using _ = service;
    const error = await errorOf(service.drive(fileAsr, { api: "legacy", url: URLS.legacy }, { frames: [] }));
    expect(error.code).toBe("CONFIG_INVALID");
  });

  test.each([
    { name: "two channels with a wide-band engine", config: { channels: 2 } },
    { name: "two channels with 8k_6", config: { api: "legacy", engine: "8k_6", channels: 2 } },
    { name: "two channels with 16k_0", config: { api: "legacy", engine: "16k_0", channels: 2 } },
    { name: "a current engine with the older interface", config: { api: "legacy", engine: "16k_zh" } },
    { name: "an older engine with the current interface", config: { engine: "16k_0" } },
    { name: "polling of the older interface", config: { api: "legacy", delivery: "poll" } },
    { name: "callbacks of flash", config: { api: "flash", delivery: "callback" } },
    { name: "Big5 of the current interface", config: { encoding: "big5" } },
    { name: "words of the older interface", config: { api: "legacy", words: true } },
  ])("lint refuses $name", ({ config }) => {
    covers("T3", "T5");
    const { success, error } = fileAsr.config.safeParse({ ...ACCESS, ...config });
    expect([success, error?.issues[0]?.path.length]).toEqual([false, 1]);
  });

  test.each(["8k_0", "16k_0", "8k_6"])("engine %s is taken", (engine) => {
    covers("T3");
    expect(fileAsr.config.safeParse({ ...ACCESS, api: "legacy", engine }).success).toBe(true);
  });
});
