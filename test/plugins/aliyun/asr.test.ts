import { describe, expect, test } from "bun:test";
import {
  type EncodedFrame,
  isOpusHead,
  loadOpus,
  type NodeContext,
  type NodeDefinition,
  OggReader,
  withRetry,
} from "#engine/plugin";
import { driveNode } from "#engine/testing";
import { covers } from "#test/covers";
import { hears } from "#test/service-workflows";
import { counting, framesOf, silence, tone } from "#test/signals";
import { textsOf } from "#test/texts";
import { utterances } from "#test/utterances";
import type { ServiceOptions } from "#test/vendor-service";
import { OpusWriter } from "../../../plugins/aliyun/asr/audio.ts";
import { asr } from "../../../plugins/aliyun/asr.ts";
import { ACCESS, KEYED, served, withService } from "./service.ts";

const talk = (ms: number) => framesOf(silence({ ms }));

/** The directives that a node sent, as its trace tells. */
const sentBy = ({ events }: Pick<Awaited<ReturnType<typeof served>>, "events">) =>
  events.flatMap((event) =>
    event.type === "wire" && event.direction === "out" && String(event.message).startsWith("{")
      ? [JSON.parse(String(event.message)) as { header: { name: string }; payload?: Record<string, unknown> }]
      : [],
  );

const continuous = { mode: "continuous" };
const whole = { mode: "sentence", sentences: "whole" };
const once = { link: { attempts: 1 } };

describe("sentence by sentence", () => {
  test("each utterance is a task of its own and keeps its name and place", async () => {
    covers("A1", "A3");
    const { frames, events, usage } = await served(asr, { workflow: hears("go forward"), frames: utterances(2) });
    const finals = textsOf(frames("final"));
    expect(
      finals.map(({ utterance, text, startSample, endSample }) => ({ utterance, text, startSample, endSample })),
    ).toEqual([
      { utterance: "u1", text: "go forward", startSample: 0, endSample: 16_000 },
      { utterance: "u2", text: "go forward", startSample: 32_000, endSample: 48_000 },
    ]);
    expect(textsOf(frames("partial")).map(({ text, revision }) => `${revision} ${text}`)).toEqual([
      "1 go",
      "2 go forward",
      "1 go",
      "2 go forward",
    ]);
    const order = events.map(({ type }) => type);
    const task = ["opened", "started", "changed", "changed", "completed", "closed"];
    expect(order.filter((type) => type !== "closed")).toEqual([...task, ...task].filter((type) => type !== "closed"));
    expect(order.filter((type) => type === "closed")).toHaveLength(2);
    expect(usage.requests).toBe(2);
    expect(usage.audioSeconds).toBeCloseTo(2);
  });

  test("where a sentence is all that comes, no detector is needed", async () => {
    covers("A1");
    const { frames } = await served(asr, { workflow: hears("one", "two"), frames: talk(2000), config: whole });
    expect(textsOf(frames("final")).map(({ text }) => text)).toEqual(["one two"]);
    expect(asr.inputs(asr.config.parse({ ...ACCESS, ...whole })).audio?.requires).toBeUndefined();
    expect(asr.inputs(asr.config.parse(ACCESS)).audio?.requires).toEqual(["speech"]);
  });

  test("where nothing was said there is no final, and a partial is taken back", async () => {
    const { frames, events, counters } = await served(asr, {
      workflow: hears("").replace('text: "", partials: auto, words: auto', 'text: "", partials: [uh]'),
      frames: utterances(1),
    });
    expect(textsOf(frames("final"))).toEqual([]);
    expect(textsOf(frames("partial")).map(({ text, revision }) => `${revision} ${text}`)).toEqual(["1 uh", "2 "]);
    expect(counters.emptyUtterances).toBe(1);
    expect(events).toContainEqual({ type: "emptyUtterance", utterance: "u1" });
  });

  test("that the service found no voice is an answer, not a failure", async () => {
    const faults = [{ on: "connection", after: { received: 5 }, do: { vendorError: 40270002 } }] as const;
    const { counters } = await served(asr, { workflow: hears("x"), frames: utterances(1), faults: [...faults] });
    expect(counters.emptyUtterances).toBe(1);
  });

  test("the service may end a task by itself: the next utterance begins another", async () => {
    covers("A1");
    const { frames, events } = await served(asr, {
      workflow: hears("stop there"),
      frames: talk(3000),
      config: { ...whole, maxEndSilenceMs: 500, link: { pace: 1, aheadMs: 0 } },
    });
    const finals = textsOf(frames("final"));
    expect(finals.length).toBeGreaterThanOrEqual(2);
    expect(finals[0]?.text).toBe("stop there");
    expect(finals[1]?.startSample).toBeGreaterThanOrEqual(finals[0]?.endSample ?? 0);
    expect(events).toContainEqual(expect.objectContaining({ type: "completed", byItself: true }));
  });
});

describe("a continuous stream", () => {
  test("sentences become utterances, with times, words and what the service says of them", async () => {
    covers("A5");
    const { frames, events } = await served(asr, {
      workflow: hears("one two", "three"),
      frames: talk(2000),
      config: { ...continuous, language: "en-US", words: true },
    });
    const [first, second] = textsOf(frames("final"));
    expect(first).toMatchObject({
      text: "one two",
      startSample: 0,
      endSample: 16_000,
      language: "en-US",
      confidence: 0.9,
      words: [
        { text: "one", startSample: 0, endSample: 8000 },
        { text: "two", startSample: 8000, endSample: 16_000 },
      ],
      vendor: { index: 1 },
    });
    expect(second).toMatchObject({ text: "three", startSample: 16_000, endSample: 32_000, vendor: { index: 2 } });
    expect(events.filter(({ type }) => type === "sentenceBegin").map(({ index }) => index)).toEqual([1, 2]);
  });

  test("live settings change in the midst of the task", async () => {
    covers("A5");
    const config = { ...continuous, maxSentenceSilenceMs: 800 };
    const updating: NodeDefinition = {
      ...asr,
      async create(settings, ctx) {
        const node = await asr.create(settings, ctx);
        if (!("run" in node)) throw new Error("no task");
        return {
          ...node,
          run: (input, emit, signal) => {
            let frames = 0;
            const next = async () => {
              await ctx.clock.sleep(20);
              if (++frames === 60)
                node.onUpdate?.(
                  asr.config.parse({ ...ACCESS, ...config, maxSentenceSilenceMs: 400, extra: { enable_x: 1 } }),
                );
              return input.next();
            };
            return node.run({ ...input, next }, emit, signal);
          },
        };
      },
    };
    const heard = await withService({ workflow: hears("one", "two") }, ({ clock, network }) =>
      driveNode(updating, { ...ACCESS, ...config }, { frames: talk(2000), clock, network, tracing: true }),
    );
    const sent = sentBy(heard).map(({ header, payload }) => ({ name: header.name, payload }));
    expect(sent.map(({ name }) => name)).toEqual(["StartTranscription", "ControlTranscriber", "StopTranscription"]);
    expect(sent[1]?.payload).toEqual({ max_sentence_silence: 400, enable_x: 1 });
    expect(textsOf(heard.frames("final"))).toHaveLength(2);
  });

  test.each([
    { what: "twice", fault: { duplicate: true } },
    { what: "each behind the one after it", fault: { reorder: true } },
    { what: "late", fault: { delay: 700 } },
  ] as const)("results that come $what give each sentence once", async ({ fault }) => {
    const { frames } = await served(asr, {
      workflow: hears("one two", "three", "four five"),
      frames: talk(3000),
      config: continuous,
      faults: [{ on: "messages", from: 2, count: 9, do: fault }],
    });
    const finals = textsOf(frames("final"));
    expect(finals.map(({ text }) => text).sort()).toEqual(["four five", "one two", "three"]);
    expect(new Set(finals.map(({ utterance }) => utterance)).size).toBe(3);
  });
});

describe("what is sent", () => {
  const startOf = async (config: Record<string, unknown>, options: Partial<ServiceOptions> = {}) => {
    const heard = await withService({ workflow: hears("x"), ...options }, ({ clock, network }) =>
      driveNode(asr, { ...ACCESS, ...whole, ...config }, { frames: talk(1000), clock, network, tracing: true }),
    );
    return sentBy(heard)[0]?.payload;
  };
  const standard = {
    format: "pcm",
    sample_rate: 16000,
    enable_intermediate_result: true,
    enable_punctuation_prediction: true,
    enable_inverse_text_normalization: true,
  };

  test.each<{ config: Record<string, unknown>; payload: Record<string, unknown> }>([
    { config: {}, payload: {} },
    {
      config: { intermediateResults: false, punctuation: false, inverseTextNormalization: false },
      payload: {
        enable_intermediate_result: false,
        enable_punctuation_prediction: false,
        enable_inverse_text_normalization: false,
      },
    },
    { config: { words: true, removeFillers: true }, payload: { enable_words: true, disfluency: true } },
    { config: { vocabularyId: "v", customizationId: "c" }, payload: { vocabulary_id: "v", customization_id: "c" } },
    {
      config: { maxStartSilenceMs: 3000, maxEndSilenceMs: 900 },
      payload: { enable_voice_detection: true, max_start_silence: 3000, max_end_silence: 900 },
    },
    { config: { noiseThreshold: -0.5 }, payload: { speech_noise_threshold: -0.5 } },
    {
      config: { mode: "continuous", maxSentenceSilenceMs: 500 },
      payload: { max_sentence_silence: 500 },
    },
    {
      config: { mode: "continuous", semanticSentences: true },
      payload: { enable_semantic_sentence_detection: true },
    },
    { config: { language: "zh-CN" }, payload: {} },
    { config: { extra: { hello: 123, format: "pcm" } }, payload: { hello: 123 } },
  ])("$config", async ({ config, payload }) => {
    covers("A2", "A8");
    expect(await startOf(config)).toEqual({ ...standard, ...payload });
  });

  test.each([
    { config: { format: "speex" }, message: "pcm" },
    { config: { sampleRateHz: 44100 }, message: "8000" },
    { config: { token: undefined }, message: "accessKeyId" },
    { config: { semanticSentences: true, maxSentenceSilenceMs: 500 }, message: "excludes" },
    { config: { semanticSentences: true, intermediateResults: false }, message: "intermediateResults" },
    { config: { url: "http://nls.test" }, message: "url" },
  ])("$config is found before the start", ({ config, message }) => {
    covers("A2");
    const { error } = asr.config.safeParse({ ...ACCESS, ...config });
    expect(JSON.stringify(error?.issues)).toContain(message);
  });

  test("samples arrive whole and in order, a tail that is no whole chunk included", async () => {
    covers("A4");
    for (const samples of [16_000, 15_999, 317, 1]) {
      const { emulator } = await served(asr, {
        workflow: hears("x"),
        frames: framesOf(counting(samples)),
        config: { ...whole, chunkMs: 20 },
      });
      const [report] = emulator.host.reports;
      expect(report?.nodes.find(({ node }) => node === "asr")?.in.samples).toBe(samples);
    }
  });

  test.each(["opus", "opu"])(
    "audio is coded to %s when the workflow says so, and an event tells it",
    async (format) => {
      covers("A2");
      const { frames, events, counters, emulator } = await served(asr, {
        workflow: hears("x"),
        frames: framesOf(tone({ hz: 440, ms: 1010 })),
        config: { ...whole, format },
      });
      expect(events).toContainEqual({ type: "encoding", codec: "opus", sampleRateHz: 16000 });
      expect(counters.paddedSamples).toBe(160);
      expect(textsOf(frames("final"))).toHaveLength(1);
      expect(emulator.host.reports.map(({ state }) => state)).toEqual(["done"]);
    },
  );

  test("the tail of coded audio is the speech that came, and then silence", async () => {
    const opus = await loadOpus();
    const ctx = { report() {}, count() {} } as unknown as NodeContext;
    const writer = new OpusWriter({ codec: opus, sampleRateHz: 16000, ctx });
    const decoder = opus.decoder({ sampleRateHz: 16000, channels: 1 });
    const pcm = tone({ hz: 440, ms: 110 });
    const reader = new OggReader();
    let power = 0;
    for (const frame of framesOf(pcm)) {
      const packets = reader.push(writer.write(frame) ?? new Uint8Array(0)).filter((packet) => !isOpusHead(packet));
      expect(packets).toHaveLength(1);
      const decoded = decoder.decode(packets[0] ?? new Uint8Array(0));
      power = decoded.subarray(110, 160).reduce((sum, sample) => sum + sample ** 2, 0) / 50;
    }
    expect(Math.sqrt(power)).toBeGreaterThan(5000); // of the last packet, in whose first half the tone goes on
  });

  test("a packet of opu stands behind a byte with its length", async () => {
    covers("A2");
    const codec = await loadOpus();
    const ctx = { report() {}, count() {} } as unknown as NodeContext;
    const writer = new OpusWriter({ codec, sampleRateHz: 8000, ctx, format: "opu" });
    const decoder = codec.decoder({ sampleRateHz: 8000, channels: 1 });
    for (const frame of framesOf(tone({ hz: 440, ms: 100, rateHz: 8000 }), { rateHz: 8000 })) {
      const [length = 0, ...packet] = writer.write(frame) ?? [];
      expect(length).toBe(packet.length);
      expect(decoder.decode(Uint8Array.from(packet)).length).toBe(160);
    }
    const packetOf = (bytes: number): EncodedFrame => ({
      kind: "encoded",
      codec: "opus",
      packet: new Uint8Array(bytes),
      startSample: 0,
      sampleCount: 160,
      sampleRateHz: 8000,
      channels: 1,
    });
    expect(writer.write(packetOf(255))).toHaveLength(256);
    for (const bytes of [0, 256]) expect(() => writer.write(packetOf(bytes))).toThrow("255");
    writer.close();
    decoder.close();
  });

  test.each(["opus", "opu"])("opus packets pass as they are in %s", async (format) => {
    covers("A2");
    const opus = await loadOpus();
    const encoder = opus.encoder({ sampleRateHz: 16000, channels: 1 });
    const pcm = tone({ hz: 440, ms: 1000 });
    const packets = Array.from(
      { length: 50 },
      (_, i): EncodedFrame => ({
        kind: "encoded",
        codec: "opus",
        packet: encoder.encode(pcm.subarray(i * 320, (i + 1) * 320)),
        startSample: i * 320,
        sampleCount: 320,
        sampleRateHz: 16000,
        channels: 1,
      }),
    );
    const config = { ...whole, format };
    const { frames, events } = await served(asr, { workflow: hears("packed"), frames: packets, config });
    expect(events.some(({ type }) => type === "encoding")).toBe(false);
    expect(textsOf(frames("final")).map(({ text, endSample }) => ({ text, endSample }))).toEqual([
      { text: "packed", endSample: 16_000 },
    ]);
    const wrong = packets.map((frame) => ({ ...frame, codec: "amr" }));
    expect(served(asr, { workflow: hears("x"), frames: wrong, config })).rejects.toMatchObject({
      code: "CODEC_UNSUPPORTED",
    });
  });
});

describe("credentials", () => {
  test("a token is made with the key, used for all tasks, and renewed before it ends", async () => {
    covers("A7");
    const calls = await withService(
      { workflow: hears("x"), gatewayConfig: { tokenHours: 0.5 } },
      async ({ clock, network }) => {
        const urls: string[] = [];
        const { fetch } = network;
        network.fetch = (request) => {
          urls.push(request.url);
          return fetch.call(network, request);
        };
        const after = async (ms: number): Promise<number> => {
          await clock.sleep(ms);
          await driveNode(lasting, KEYED, { frames: utterances(2), clock, network });
          return urls.length;
        };
        // One cache for all of it, as in a process: a resource outlives a run here.
        const caches = new Map<string, unknown>();
        const lasting: NodeDefinition = {
          ...asr,
          create: (settings, ctx) =>
            asr.create(
              settings,
              Object.assign(Object.create(ctx), {
                newId: () => crypto.randomUUID(), // as between runs, whose seeds differ
                resource: async <T>(resource: { key: string; open(): Promise<T> }) => {
                  if (!caches.has(resource.key)) caches.set(resource.key, await resource.open());
                  return caches.get(resource.key) as T;
                },
              }),
            ),
        };
        return [await after(0), await after(60_000), await after(20 * 60_000), await after(60_000)];
      },
    );
    expect(calls).toEqual([1, 1, 2, 2]); // good for 30 minutes, renewed when less than 10 are left
  });

  test.each([
    { how: "at the upgrade", gatewayConfig: {} },
    { how: "on the open socket", gatewayConfig: { badToken: "task" } },
  ])("a token that is refused $how is renewed once", async ({ gatewayConfig }) => {
    covers("A7");
    const expired = { on: "handshake", do: { expiredToken: true } } as const;
    const options = { workflow: hears("x"), frames: utterances(1), access: KEYED, gatewayConfig };
    const { frames } = await served(asr, { ...options, faults: [{ ...expired, connections: 1 }] });
    expect(textsOf(frames("final"))).toHaveLength(1);
    expect(served(asr, { ...options, faults: [expired] })).rejects.toMatchObject({ code: "VENDOR_KEY_REFUSED" });
  });

  test.each([
    { access: { ...ACCESS, token: "example-key.wrong" }, code: "VENDOR_KEY_REFUSED" },
    { access: { ...ACCESS, appkey: "another" }, code: "VENDOR_KEY_REFUSED" },
    { access: { ...KEYED, accessKeySecret: "wrong" }, code: "VENDOR_KEY_REFUSED" },
    { access: { ...KEYED, accessKeyId: "nobody" }, code: "VENDOR_KEY_REFUSED" },
  ])("$access is refused for good", async ({ access, code }) => {
    covers("A7", "A9");
    const failing = served(asr, { workflow: hears("x"), frames: utterances(1), access });
    await expect(failing).rejects.toMatchObject({ code });
  });
});

describe("failures", () => {
  const failing = (faults: ServiceOptions["faults"], config: Record<string, unknown> = {}) =>
    served(asr, {
      workflow: hears("x"),
      frames: talk(1000),
      config: { ...whole, ...once, ...config },
      ...(faults && { faults }),
    });

  test.each([
    { status: 40000004, code: "VENDOR_LOST" },
    { status: 40000005, code: "VENDOR_RATE_LIMITED" },
    { status: 40000010, code: "VENDOR_QUOTA_EXHAUSTED" },
    { status: 40020105, code: "VENDOR_KEY_REFUSED" },
    { status: 41010104, code: "AUDIO_TOO_LONG" },
    { status: 50000000, code: "VENDOR_FAILED" },
    { status: 49999999, code: "VENDOR_REFUSED" },
  ])("$status is $code, whether at the start or in the middle", async ({ status, code }) => {
    covers("A9");
    for (const fault of [
      { on: "handshake", do: { vendorError: status } },
      { on: "connection", after: { received: 4 }, do: { vendorError: status } },
    ] as const)
      await expect(failing([fault])).rejects.toMatchObject({ code, details: { vendorCode: status } });
  });

  test.each([
    { what: "a start that is not answered", after: { ms: 0 }, code: "VENDOR_UNREACHABLE" },
    { what: "a stop that is not answered", after: { received: 3 }, code: "RESULT_LATE" },
  ])("$what ends after the 10 s that the vendor's clients wait", async ({ after, code }) => {
    covers("A2");
    const options = { workflow: hears("x"), frames: talk(1000), config: { ...whole, ...once } };
    await withService(
      { ...options, faults: [{ on: "connection", after, do: { silence: true } }] },
      async ({ clock, network }) => {
        const work = driveNode(asr, { ...ACCESS, ...options.config }, { frames: options.frames, clock, network });
        await expect(work).rejects.toMatchObject({ code });
        expect(clock.nowMs()).toBeGreaterThanOrEqual(10_000);
        expect(clock.nowMs()).toBeLessThan(12_500);
      },
    );
  });

  test.each([
    { what: "noise in place of an event", fault: { garbage: true }, code: "VENDOR_PROTOCOL" },
    { what: "half an event", fault: { half: true }, code: "VENDOR_PROTOCOL" },
    { what: "a socket that breaks", fault: { close: 1006 }, code: "VENDOR_LOST" },
    { what: "a socket that is closed", fault: { close: 1011 }, code: "VENDOR_LOST" },
  ] as const)("$what is a failure that may be tried again, and then nothing is missing", async ({ fault, code }) => {
    covers("A9");
    const faults = [{ on: "connection", connections: 1, after: { received: 8 }, do: fault }] as const;
    await expect(failing([...faults])).rejects.toMatchObject({ code });
    const { frames } = await served(withRetry(asr, 3), {
      workflow: hears("one two", "three"),
      frames: talk(2000),
      config: continuous,
      faults: [...faults],
    });
    expect(textsOf(frames("final")).map(({ text }) => text)).toEqual(["one two", "three"]);
  });

  test("a slow handshake loses no sample of the first word", async () => {
    const { frames, usage } = await served(asr, {
      workflow: hears("first word"),
      frames: talk(1000),
      config: whole,
      faults: [{ on: "handshake", do: { delay: 3000 } }],
    });
    expect(textsOf(frames("final"))[0]).toMatchObject({ text: "first word", startSample: 0, endSample: 16_000 });
    expect(usage.audioSeconds).toBeCloseTo(1);
  });
});

test("labels of the run stand in the events of its tasks", async () => {
  covers("A3");
  const labels = { caller: "42" };
  const heard = await withService({ workflow: hears("x") }, ({ clock, network }) =>
    driveNode(asr, { ...ACCESS, ...whole }, { frames: talk(1000), clock, network, labels }),
  );
  const told = heard.events.filter(({ type }) => ["started", "changed", "completed"].includes(type));
  expect(told.length).toBeGreaterThanOrEqual(3);
  expect(told.every((event) => event.labels === labels)).toBe(true);
});

test("a trace shows messages, audio as lengths, and no secret", async () => {
  covers("A9");
  const heard = await withService({ workflow: hears("x") }, ({ clock, network }) =>
    driveNode(
      asr,
      { ...KEYED, ...whole, appkey: "example-appkey" },
      { frames: talk(1000), clock, network, tracing: true },
    ),
  );
  const wire = JSON.stringify(heard.events.filter(({ type }) => type === "wire"));
  expect(wire).toContain("3200 bytes");
  expect(wire).toContain("RecognitionCompleted");
  for (const hidden of ["example-secret", "example-appkey"]) expect(wire).not.toContain(hidden);
});

test("two hundred recognitions at once in one process all succeed, at twice the speed of speech", async () => {
  covers("A4");
  await withService({ workflow: hears("all of them") }, async ({ clock, network, emulator }) => {
    const one = (i: number) =>
      driveNode(
        asr,
        { ...ACCESS, ...whole, chunkMs: 20, link: { pace: 2, aheadMs: 0 } },
        { frames: framesOf(counting(16_000 - i)), clock, network },
      );
    const all = await Promise.all(Array.from({ length: 200 }, (_, i) => one(i)));
    expect(all.filter(({ frames }) => textsOf(frames("final"))[0]?.text === "all of them")).toHaveLength(200);
    expect(clock.nowMs()).toBeLessThan(1000);
    expect(emulator.doors.clients).toBe(0);
    expect(emulator.host.running).toBe(0);
  });
}, 60_000);
