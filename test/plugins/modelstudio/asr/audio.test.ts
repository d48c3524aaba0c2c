import { describe, expect, test } from "bun:test";
import { type EncodedFrame, loadOpus } from "#engine/plugin";
import { covers } from "#test/covers";
import { rejectionOf } from "#test/rejection";
import { framesOf, silence, tone } from "#test/signals";
import { textsOf } from "#test/texts";
import { asr } from "../../../../plugins/modelstudio/asr.ts";
import { type Answers, against, PLAIN } from "../scripted.ts";
import { hears, PARAFORMER, served } from "../service.ts";

describe("audio", () => {
  test("is coded to Opus where it is asked for, and decoded by the gateway", async () => {
    await loadOpus();
    const { frames, events, counters } = await served(asr, {
      workflow: hears(["go"]),
      frames: framesOf(tone({ hz: 440, ms: 1010 })),
      config: { format: "opus" },
    });
    expect(textsOf(frames("final")).map(({ text }) => text)).toEqual(["go"]);
    expect(events.some(({ type }) => type === "encoding")).toBe(true);
    expect(counters.paddedSamples).toBe(160);
  });

  test("that is Opus already passes as it is, in Ogg", async () => {
    covers("S17");
    const codec = await loadOpus();
    const encoder = codec.encoder({ sampleRateHz: 16_000, channels: 1 });
    const packets = Array.from({ length: 5 }, (_, i): EncodedFrame => {
      const packet = encoder.encode(tone({ hz: 300, ms: 20 }));
      return {
        kind: "encoded",
        codec: "opus",
        packet,
        startSample: i * 320,
        sampleCount: 320,
        sampleRateHz: 16_000,
        channels: 1,
      };
    });
    encoder.close();
    const { heard } = await against(asr, { format: "opus" }, packets, PLAIN);
    expect(heard.filter((one) => typeof one === "number")).toHaveLength(packets.length);
    const wrong = packets.map((packet) => ({ ...packet, codec: "silk" }));
    const failing = against(asr, { format: "opus" }, wrong, PLAIN);
    expect(await rejectionOf(failing)).toMatchObject({ code: "CODEC_UNSUPPORTED" });
  });
});

describe("times without audio", () => {
  const gap = [...framesOf(silence({ ms: 1000 })), ...framesOf(silence({ ms: 1000 }), { startSample: 60 * 16_000 })];

  test("are bridged by a little silence now and then, and positions stay right", async () => {
    covers("S29");
    const { frames, counters, events } = await served(asr, {
      workflow: hears(["one", "two"]),
      frames: gap,
      pace: 1,
    });
    expect(events.filter(({ type }) => type === "started")).toHaveLength(1);
    expect(counters.heartbeats).toBeGreaterThanOrEqual(4);
    expect(textsOf(frames("final")).map(({ text }) => text)).toEqual(["one", "two"]);
  });

  test("move no position, though the service counts the silence like any other audio", async () => {
    const answers: Answers = {
      ...PLAIN,
      "finish-task": ({ say, audioBytes }) => {
        const endMs = audioBytes / 32;
        const sentence = { begin_time: endMs - 500, end_time: endMs, text: "late", words: [], sentence_end: true };
        say("result-generated", { output: { sentence } });
        say("task-finished", {});
      },
    };
    const { frames, counters } = await against(asr, PARAFORMER, gap, answers, 1);
    expect(counters.heartbeats).toBeGreaterThanOrEqual(4);
    expect(textsOf(frames("final"))).toMatchObject([{ startSample: 60.5 * 16_000, endSample: 61 * 16_000 }]);
  });

  test("end the task before the service gives it up, where no heartbeat is wanted", async () => {
    const { events, counters } = await served(asr, {
      workflow: hears(["one"]),
      frames: gap,
      pace: 1,
      config: { heartbeat: false },
    });
    expect(counters.heartbeats).toBeUndefined();
    expect(events.filter(({ type }) => type === "started")).toHaveLength(2);
    expect(events.some(({ type }) => type === "failed")).toBe(false);
  });
});
