import { describe, expect, test } from "bun:test";
import { type EncodedFrame, isOpusHead, loadOpus, type NodeContext, OggReader } from "#engine/plugin";
import { covers } from "#test/covers";
import { rejectionOf } from "#test/rejection";
import { hears } from "#test/service-workflows";
import { counting, framesOf, tone } from "#test/signals";
import { textsOf } from "#test/texts";
import { OpusWriter } from "../../../../plugins/aliyun/asr/audio.ts";
import { asr } from "../../../../plugins/aliyun/asr.ts";
import { served } from "../service.ts";
import { whole } from "./driven.ts";

describe("what is sent", () => {
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
    expect(await rejectionOf(served(asr, { workflow: hears("x"), frames: wrong, config }))).toMatchObject({
      code: "CODEC_UNSUPPORTED",
    });
  });
});
