import { describe, expect, test } from "bun:test";
import { loadOpus } from "#engine/plugin";
import { covers } from "#test/covers";
import { counting } from "#test/signals";
import { encodeValues } from "../../../../plugins/rtvt/wire/payload.ts";
import { dialRaw } from "../raw.ts";
import { hears, seconds, TCP, withService } from "../service.ts";
import { codeOf, frameOf, login, START, silence, talk } from "./talk.ts";

describe("streams", () => {
  test.each([
    { what: "639 bytes", values: { data: new Uint8Array(639) }, code: 800003 },
    { what: "two frames at once", values: { data: new Uint8Array(1280) }, code: 800003 },
    { what: "no audio", values: { data: new Uint8Array(0) }, code: 800003 },
    { what: "a stream of somebody else", values: { streamId: 7n }, code: 800200 },
    { what: "no time", values: { ts: "now" }, code: 800003 },
    { what: "a gap in the count", values: { seq: 99 }, code: "no error" },
    { what: "a piece that comes twice", values: { seq: 1 }, code: "no error" },
  ])("voiceData with $what: $code", async ({ values, code }) => {
    covers("R5", "R17");
    await talk(async ({ end, open }) => {
      const streamId = await open();
      await end.call("voiceData", silence(streamId, 1));
      expect(codeOf(await end.call("voiceData", { ...silence(streamId, 2), ...values }))).toBe(code);
      expect(codeOf(await end.call("voiceData", silence(streamId, 3)))).toBe("no error");
    });
  });

  test("audio of an encoder that knows no bytes is audio", async () => {
    covers("R5");
    await talk(async ({ end, open }) => {
      const streamId = await open();
      const bytes = frameOf(counting(320).map((value) => value * 177));
      const payload = encodeValues(silence(streamId, 1, { data: bytes }));
      const at = Buffer.from(payload).indexOf(Buffer.from([0xc5, 0x02, 0x80]));
      payload[at] = 0xda; // the same length, as text
      end.send({ kind: "quest", version: 0, flag: 0x80, seq: 900, method: "voiceData", payload });
      expect(codeOf(await end.next(({ seq }) => seq === 900))).toBe("no error");
    });
  });

  test.each([
    { what: "four alternatives", start: { srcAltLanguage: ["a", "b", "c", "d"] }, code: 800106 },
    { what: "three alternatives", start: { srcAltLanguage: ["zh", "ja", "ko"] }, code: "no error" },
    { what: "no source language", start: { srcLanguage: "" }, code: 800003 },
    { what: "a codec that there is not", start: { codec: 2 }, code: 800003 },
    { what: "unknown and old parameters", start: { attrs: "{}", other: 1 }, code: "no error" },
  ])("voiceStart with $what: $code", async ({ start, code }) => {
    covers("R3", "R17");
    await talk(async ({ end }) => {
      await end.call("login", login());
      expect(codeOf(await end.call("voiceStart", { ...START, ...start }))).toBe(code);
    });
  });

  test("more streams than are allowed are refused, until one is closed", async () => {
    covers("R12", "R17");
    await talk(
      async ({ end, open }) => {
        const streamId = await open();
        await end.call("voiceStart", START);
        expect(codeOf(await end.call("voiceStart", START))).toBe(800107);
        await end.call("voiceEnd", { streamId });
        expect(codeOf(await end.call("voiceStart", START))).toBe("no error");
      },
      { gatewayConfig: { streams: 2 } },
    );
  });

  test("a workflow that cannot run for the client is a parameter that is wrong", async () => {
    covers("R17");
    const workflow = hears(seconds("go")).replace("kind: audio", "kind: text");
    await talk(
      async ({ end }) => {
        await end.call("login", login());
        expect(codeOf(await end.call("voiceStart", START))).toBe(800003);
        expect(codeOf(await end.call("*ping", {}))).toBe("no error");
      },
      { workflow },
    );
  });

  test("a run that fails is told with the next audio, and the stream is gone", async () => {
    covers("R17");
    const workflow = hears(seconds("go", "on")).replace('"text":"on"', '"error":"VENDOR_RATE_LIMITED"');
    await talk(
      async ({ end, open }) => {
        const streamId = await open();
        const codes: unknown[] = [];
        for (let seq = 0; seq < 130; seq++) codes.push(codeOf(await end.call("voiceData", silence(streamId, seq))));
        const wrong = codes.filter((code) => code !== "no error");
        expect(wrong[0]).toBe(800107);
        expect(new Set(wrong.slice(1))).toEqual(new Set([800200]));
      },
      { workflow },
    );
  });

  test("a stream that gets no audio for a minute expires, and what it was given is answered", async () => {
    covers("R12", "R17");
    await talk(async ({ end, open, clock, running }) => {
      const streamId = await open();
      for (let seq = 0; seq < 50; seq++) end.post("voiceData", silence(streamId, seq));
      for (let i = 0; i < 8; i++) {
        await clock.sleep(10_000);
        await end.call("*ping", {});
      }
      expect(end.calls("translatedResult")).toHaveLength(1);
      expect(running()).toBe(0);
      expect(codeOf(await end.call("voiceData", silence(streamId, 50)))).toBe(800200);
    });
  });

  test("a client that vanishes takes its runs with it", async () => {
    covers("R12");
    await withService({ workflow: hears(seconds("go forward")) }, async ({ network, emulator, clock }) => {
      const end = await dialRaw(network, `tcp://${TCP}`);
      await end.call("login", login());
      const { values } = await end.call("voiceStart", START);
      await end.call("voiceData", silence(BigInt(String(values.streamId)), 1));
      end.post("voiceStart", START); // one more is on its way
      end.connection.destroy();
      await clock.sleep(1000);
      expect(emulator.host.running).toBe(0);
      expect(emulator.doors.clients).toBe(0);
      expect(new Set(emulator.host.reports.map(({ state }) => state))).toEqual(new Set(["cancelled"]));
    });
  });

  test("Opus is taken in packets of 20 ms, and nothing else for it", async () => {
    covers("R10");
    const encoder = (await loadOpus()).encoder({ sampleRateHz: 16_000, channels: 1 });
    const packet = encoder.encode(new Int16Array(320));
    const long = encoder.encode(new Int16Array(640));
    encoder.close();
    await talk(async ({ end, open }) => {
      const streamId = await open({ ...START, codec: 1 });
      for (let seq = 0; seq < 100; seq++) end.post("voiceData", silence(streamId, seq, { data: packet }));
      expect(codeOf(await end.call("voiceData", silence(streamId, 100, { data: long })))).toBe(800003);
      await end.call("voiceEnd", { streamId });
      expect(end.calls("recognizedResult").map(({ asr }) => asr)).toEqual(["go forward", "ten meters"]);
    });
  });
});
