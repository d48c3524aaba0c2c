import { describe, expect, test } from "bun:test";
import type { AudioFrame, Frame } from "#engine/plugin";
import { covers } from "#test/covers";
import { errorOf } from "#test/rejection";
import { prompt, textsOf } from "#test/texts";
import type { ServiceOptions } from "#test/vendor-service";
import { tts } from "../../../plugins/tencent/tts.ts";
import { ACCESS, speaking, tencent } from "./service.ts";

const URLS = {
  http: "http://tencent.test/stream",
  socket: "ws://tencent.test/stream_ws",
  flowing: "ws://tencent.test/stream_wsv2",
} as const;
const MODES = Object.keys(URLS) as (keyof typeof URLS)[];

const service = (options: Partial<ServiceOptions> = {}) => tencent({ workflow: speaking(), ...options });

const audioOf = (frames: readonly Frame[]): AudioFrame[] =>
  frames.filter((frame): frame is AudioFrame => frame.kind === "audio");
const samplesOf = (frames: readonly Frame[], utterance?: string): number =>
  audioOf(frames)
    .filter((frame) => utterance === undefined || frame.utterance === utterance)
    .reduce((sum, { pcm }) => sum + pcm.length, 0);

describe("tencent.tts", () => {
  test.each(MODES)("texts are spoken one after the other, without a gap, by %s", async (mode) => {
    covers("T8");
    await using server = await service();
    const { frames, usage } = await server.drive(
      tts,
      { mode, url: URLS[mode] },
      { frames: [prompt("u1", "one two"), prompt("u2", " "), prompt("u3", "three & 四")] },
    );
    expect([samplesOf(frames(), "u1"), samplesOf(frames(), "u2"), samplesOf(frames(), "u3")]).toEqual([3200, 0, 4800]);
    let end = 0;
    for (const { startSample, pcm, sampleRateHz, channels } of audioOf(frames())) {
      expect([startSample, sampleRateHz, channels]).toEqual([end, 16_000, 1]);
      end += pcm.length;
    }
    expect(usage).toMatchObject({ requests: 2 });
    expect(server.emulator.host.running).toBe(0);
  });

  test.each(["socket", "flowing"] as const)("words have times where they are asked for, by %s", async (mode) => {
    covers("T8");
    await using server = await service();
    const { frames } = await server.drive(
      tts,
      { mode, url: URLS[mode], subtitles: true },
      { frames: [prompt("u1", "one two"), prompt("u2", "three")] },
    );
    expect(
      textsOf(frames("spoken")).map(({ text, words = [] }) => [text, words.map((w) => [w.text, w.startSample])]),
    ).toEqual([
      [
        "one two",
        [
          ["one", 0],
          ["two", 1600],
        ],
      ],
      ["three", [["three", 3200]]],
    ]);
  });

  test("flowing text is spoken while it is written: only what no revision changes", async () => {
    covers("T8");
    await using server = await service();
    const { frames, events } = await server.drive(
      tts,
      { mode: "flowing", url: URLS.flowing },
      {
        tracing: true,
        frames: [
          prompt("u1", "One two. Trees", { final: false, stableChars: 9 }),
          prompt("u1", "One two. Three fo", { revision: 2, final: false, stableChars: 15 }),
          prompt("u1", "One two. Three four.", { revision: 3 }),
        ],
      },
    );
    expect(samplesOf(frames(), "u1")).toBe(4 * 1600);
    const sent = events.flatMap(({ type, direction, message }) =>
      type === "wire" && direction === "out" ? [JSON.parse(String(message)) as { action: string; data: string }] : [],
    );
    expect(sent.map(({ action, data }) => [action, data])).toEqual([
      ["ACTION_SYNTHESIS", "One two. "],
      ["ACTION_SYNTHESIS", "Three "],
      ["ACTION_SYNTHESIS", "four."],
      ["ACTION_COMPLETE", ""],
    ]);
  });

  test.each(["http", "socket"] as const)("a text over the limit is spoken in pieces by %s", async (mode) => {
    await using server = await service();
    const text = `${"word ".repeat(399)}word`;
    const { frames, usage } = await server.drive(tts, { mode, url: URLS[mode] }, { frames: [prompt("u1", text)] });
    expect(usage.requests).toBe(2);
    expect(samplesOf(frames())).toBe(400 * 1600);
  });

  test.each([8000, 16_000, 24_000])("audio comes at %p Hz", async (sampleRateHz) => {
    await using server = await service();
    const { frames } = await server.drive(
      tts,
      { mode: "http", url: URLS.http, sampleRateHz },
      { frames: [prompt("u1", "one")] },
    );
    expect(samplesOf(frames())).toBe(sampleRateHz / 10);
  });

  test.each(MODES)("another secret is refused by %s", async (mode) => {
    covers("T6");
    await using server = await service();
    const config = { mode, url: URLS[mode], secretKey: "other" };
    const error = await errorOf(server.drive(tts, config, { frames: [prompt("u1", "one")] }));
    expect(error.code).toBe("VENDOR_KEY_REFUSED");
    expect(error.message).not.toContain("other");
  });

  test.each(MODES)("a parameter that the service refuses is refused by %s", async (mode) => {
    await using server = await service({ faults: [{ on: "handshake", do: { vendorError: 10_001 } }] });
    const config = { mode, url: URLS[mode] };
    expect((await errorOf(server.drive(tts, config, { frames: [prompt("u1", "one")] }))).code).toBe("VENDOR_REFUSED");
  });

  test.each(MODES)(
    "a voice that fails behind the service is a failure that may be tried again, by %s",
    async (mode) => {
      await using server = await service({ workflow: speaking({ fails: true }) });
      const error = await errorOf(server.drive(tts, { mode, url: URLS[mode] }, { frames: [prompt("u1", "one")] }));
      expect([error.code, error.traits.retryable]).toEqual(["VENDOR_FAILED", true]);
    },
  );

  test.each(MODES)("a service that falls silent is late by %s", async (mode) => {
    await using server = await service({
      faults: [{ on: "connection", after: mode === "flowing" ? { received: 1 } : { sent: 0 }, do: { silence: true } }],
    });
    const config = { mode, url: URLS[mode], answerMs: 5000 };
    const error = await errorOf(server.drive(tts, config, { frames: [prompt("u1", "one")] }));
    expect(error.code).toBe("RESULT_LATE");
  });

  test("who speaks over it is heard: the text under way and those that wait are dropped, protected ones are not", async () => {
    await using server = await service({ faults: [{ on: "messages", from: 2, do: { delay: 1000 } }] });
    const { frames, counters } = await server.drive(
      tts,
      { mode: "socket", url: URLS.socket },
      {
        frames: [
          { kind: "barge-in", utterance: "talk" },
          prompt("u1", "one"),
          prompt("u2", "two", { protected: true }),
        ],
      },
    );
    expect([samplesOf(frames(), "u1"), samplesOf(frames(), "u2")]).toEqual([0, 1600]);
    expect(counters.bargedTexts).toBe(1);
  });

  test.each([
    { name: "times of words over HTTP", config: { mode: "http", subtitles: true } },
    { name: "a socket's address for HTTP", config: { mode: "http", url: URLS.socket } },
    { name: "a rate that no voice has", config: { sampleRateHz: 44_100 } },
  ])("lint refuses $name", ({ config }) => {
    expect(tts.config.safeParse({ ...ACCESS, ...config }).success).toBe(false);
  });
});
