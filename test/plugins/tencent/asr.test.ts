import { describe, expect, test } from "bun:test";
import { covers } from "#test/covers";
import { rejectionOf } from "#test/rejection";
import { textsOf } from "#test/texts";
import { asr } from "../../../plugins/tencent/asr.ts";
import { ACCESS, finals, hearing, talk, tencent } from "./service.ts";

const HERE = { url: "ws://tencent.test/asr/v2" };

describe("tencent.asr", () => {
  test.each([{ results: "segments" }, { results: "sentences" }])(
    "a stream is recognised, each sentence an utterance at its place, by $results",
    async ({ results }) => {
      covers("T8");
      await using service = await tencent();
      const { frames, events, usage } = await service.drive(asr, { ...HERE, results }, { frames: talk(3000) });
      expect(finals(frames())).toEqual(["one two", "three four", "five six"]);
      const said = textsOf(frames("final"));
      expect(said.map(({ startSample, endSample }) => [startSample, endSample])).toEqual([
        [0, 16_000],
        [16_000, 32_000],
        [32_000, 48_000],
      ]);
      expect(new Set(said.map(({ utterance }) => utterance)).size).toBe(3);
      expect(textsOf(frames("partial")).map(({ text }) => text)).toContain("one");
      expect(said[0]).toMatchObject({ language: "zh", vendor: { sentence: "0" } });
      expect(events.map(({ type }) => type)).toEqual(["opened", "started", "completed", "closed"]);
      expect(usage.requests).toBe(1);
      expect(usage.audioSeconds).toBeCloseTo(3);
    },
  );

  test("with a detector in front, a session is an utterance and its sentences are one text", async () => {
    covers("T8");
    await using service = await tencent();
    const mark = (mark: "start" | "end", utterance: string, atSample: number) =>
      ({ kind: "speech", mark, utterance, atSample, sampleRateHz: 16_000 }) as const;
    const { frames, usage } = await service.drive(
      asr,
      { ...HERE, sessions: "utterance" },
      { frames: [mark("start", "u1", 0), ...talk(3000), mark("end", "u1", 48_000)] },
    );
    expect(textsOf(frames("final"))).toMatchObject([
      { text: "one two three four five six", utterance: "u1", startSample: 0, endSample: 48_000 },
    ]);
    expect(usage.requests).toBe(1);
  });

  test("sentences whose times overlap, repeat or come without an end stay in order", async () => {
    const service = await tencent();
    await using _ = service;
    const said = (index: number, slice_type: number, text: string, start_time: number, end_time: number) =>
      JSON.stringify({ code: 0, result: { slice_type, index, start_time, end_time, voice_text_str: text } });
    await service.network.listen("odd.test:80", {
      upgrade: async () => ({
        serve: async (connection) => {
          connection.send('{"code":0,"voice_id":"V"}');
          for await (const message of connection) if (typeof message === "string") break;
          for (const message of [
            said(0, 2, "one", 0, 800),
            said(1, 0, "tw", 500, 900),
            said(1, 2, "two", 500, 900),
            said(1, 2, "two", 500, 900),
            said(2, 0, "thr", 900, 950),
            '{"code":0,"final":1}',
          ])
            connection.send(message);
          connection.close();
        },
      }),
    });
    const { frames, counters } = await service.drive(asr, { url: "ws://odd.test/asr/v2" }, { frames: talk(1000) });
    expect(textsOf(frames("final")).map(({ text, startSample, endSample }) => [text, startSample, endSample])).toEqual([
      ["one", 0, 12_800],
      ["two", 12_800, 14_400],
    ]);
    expect(textsOf(frames("partial")).map(({ text }) => text)).toEqual(["tw", "thr", ""]);
    expect(counters).toMatchObject({ strayResults: 1, emptyUtterances: 1 });
  });

  test("words have times where they are asked for", async () => {
    await using service = await tencent({
      workflow: hearing([{ text: "one two", words: "auto", fromMs: 0, untilMs: 1000 }]),
    });
    const { frames } = await service.drive(asr, { ...HERE, words: true }, { frames: talk(1000) });
    expect(textsOf(frames("final"))[0]?.words?.map(({ text }) => text)).toEqual(["one", "two"]);
  });

  test("audio is given at a pace that the service takes", async () => {
    covers("T6");
    await using service = await tencent({
      workflow: hearing([{ text: "a long talk", fromMs: 0, untilMs: 20_000 }]),
    });
    const { frames } = await service.drive(asr, HERE, { frames: talk(20_000) });
    expect(finals(frames())).toEqual(["a long talk"]);
    await using other = await tencent();
    const failing = other.drive(asr, { ...HERE, link: { pace: 0 } }, { frames: talk(20_000) });
    expect(await rejectionOf(failing)).toMatchObject({ code: "VENDOR_RATE_LIMITED" });
  });

  test.each([
    { name: "another secret", config: { secretKey: "other" }, code: "VENDOR_KEY_REFUSED" },
    { name: "another account", config: { appId: "7" }, code: "VENDOR_KEY_REFUSED" },
    { name: "a key that nobody knows", config: { secretId: "other" }, code: "VENDOR_KEY_REFUSED" },
    { name: "a format that has no decoder there", config: { extra: { voice_format: 6 } }, code: "VENDOR_REFUSED" },
    { name: "a parameter out of bounds", config: { extra: { vad_silence_time: 1 } }, code: "VENDOR_REFUSED" },
  ])("$name is refused before any audio is sent", async ({ config, code }) => {
    covers("T6");
    await using service = await tencent();
    const failing = service.drive(asr, { ...HERE, ...config }, { frames: talk(200) });
    expect(await rejectionOf(failing)).toMatchObject({ code });
    expect(service.emulator.host.reports).toEqual([]);
  });

  test.each([
    { vendorCode: 4004, code: "VENDOR_QUOTA_EXHAUSTED" },
    { vendorCode: 5000, code: "VENDOR_FAILED" },
    { vendorCode: 6001, code: "VENDOR_REFUSED" },
  ])("the vendor's $vendorCode in the midst of a session is $code", async ({ vendorCode, code }) => {
    covers("T6");
    await using service = await tencent({
      faults: [{ on: "connection", after: { received: 10 }, do: { vendorError: vendorCode } }],
    });
    expect(await rejectionOf(service.drive(asr, HERE, { frames: talk(3000) }))).toMatchObject({ code });
  });

  test("a greeting that says busy is asked again", async () => {
    await using service = await tencent({ faults: [{ on: "handshake", connections: 1, do: { rateLimit: true } }] });
    const { frames, counters } = await service.drive(asr, HERE, { frames: talk(3000) });
    expect([finals(frames()).length, counters.reopened]).toEqual([3, 1]);
  });

  test("nothing that is traced holds a secret", async () => {
    await using service = await tencent();
    const { events } = await service.drive(asr, HERE, { frames: talk(400), tracing: true });
    const told = JSON.stringify(events);
    expect(told).toContain("wire");
    expect([told.includes(ACCESS.secretKey), told.includes(ACCESS.secretId), told.includes("signature")]).toEqual([
      false,
      false,
      false,
    ]);
  });

  test.each([
    { name: "a pause for the detector without the detector", config: { vad: false, vadSilenceMs: 500 } },
    { name: "speakers by segments", config: { speakers: true } },
    { name: "words by sentences", config: { words: true, results: "sentences" } },
    { name: "an engine without a rate", config: { engine: "zh" } },
    { name: "a hot word without a weight", config: { hotwords: ["word"] } },
    { name: "an account that is no number", config: { appId: "x" } },
  ])("lint refuses $name", ({ config }) => {
    expect(asr.config.safeParse({ ...ACCESS, ...config }).success).toBe(false);
  });
});
