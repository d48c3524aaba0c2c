import { describe, expect, test } from "bun:test";
import { isOgg, loadOpus } from "#engine/plugin";
import type { MemoryNetwork, VirtualClock } from "#engine/runtime";
import { covers } from "#test/covers";
import { counting } from "#test/signals";
import type { ServiceOptions } from "#test/vendor-service";
import { loginToken } from "../../../plugins/rtvt/token/signature.ts";
import { encodePacket, JSON_TEXT } from "../../../plugins/rtvt/wire/fpnn.ts";
import { encodeValues, type Values } from "../../../plugins/rtvt/wire/payload.ts";
import { EXCHANGE, PROJECT, VECTORS } from "./fixtures/vectors.ts";
import { HEARS_WORDS, testTypes, words } from "./nodes.ts";
import { dialRaw, type RawEnd, type Seen } from "./raw.ts";
import { hears, KEY, seconds, TCP, WEB, withService } from "./service.ts";

const EPOCH_S = Date.UTC(2026, 0, 1) / 1000;
const login = (more: Values = {}): Values => {
  const ts = Number(more.ts ?? EPOCH_S);
  return { pid: PROJECT.pid, ts, token: loginToken(PROJECT.key, PROJECT.pid, ts), ...more };
};
const START: Values = {
  asrResult: true,
  asrTempResult: false,
  transResult: true,
  srcLanguage: "en",
  destLanguage: "es",
};
const frameOf = (pcm: Int16Array, index = 0): Uint8Array =>
  new Uint8Array(pcm.slice(320 * index, 320 * (index + 1)).buffer);
const SILENT = new Uint8Array(640);

interface Talk {
  readonly end: RawEnd;
  readonly clock: VirtualClock;
  readonly network: MemoryNetwork;
  readonly running: () => number;
  /** Ends so far, by their state. */
  readonly ended: () => string[];
  /** Logs in and starts a stream; its id. */
  open(start?: Values): Promise<bigint>;
}

/** Talks with the gateway as a client library does, packet by packet. */
const talk = (
  use: (talk: Talk) => Promise<void>,
  options: Partial<ServiceOptions> & { readonly version?: number; readonly url?: string } = {},
) =>
  withService({ workflow: hears(seconds("go forward", "ten meters")), ...options }, async (service) => {
    const { clock, network, emulator } = service;
    const end = await dialRaw(network, options.url ?? `tcp://${TCP}`, options.version);
    await use({
      end,
      clock,
      network,
      running: () => emulator.host.running,
      ended: () => emulator.host.reports.map(({ state }) => state),
      async open(start = START) {
        await end.call("login", login());
        return BigInt(String((await end.call("voiceStart", start)).values.streamId));
      },
    });
    end.connection.close();
    await end.connection.closed;
  });

const codeOf = ({ kind, values, ...rest }: Seen) =>
  kind === "answer" && "ok" in rest && !rest.ok ? values.code : "no error";
const silence = (streamId: bigint, seq: number, more: Values = {}): Values => ({
  streamId,
  seq,
  data: SILENT,
  ts: 1_700_000_000_000 + 20 * seq,
  ...more,
});

describe("login", () => {
  test.each([
    { what: "the right token", values: login(), code: "no error" },
    { what: "a user, as a number", values: login({ uid: 123456 }), code: "no error" },
    { what: "a time of four minutes ago", values: login({ ts: EPOCH_S - 240 }), code: "no error" },
    { what: "a time of six minutes ago", values: login({ ts: EPOCH_S - 360 }), code: 800101 },
    { what: "a time in six minutes", values: login({ ts: EPOCH_S + 360 }), code: 800101 },
    {
      what: "a token of another time",
      values: login({ token: loginToken(PROJECT.key, PROJECT.pid, 1) }),
      code: 800102,
    },
    { what: "no token at all", values: login({ token: "" }), code: 800102 },
    { what: "a project that there is not", values: login({ pid: 1 }), code: 800103 },
    { what: "no project", values: { ts: EPOCH_S, token: "t" }, code: 800003 },
  ])("$what: $code", async ({ values, code }) => {
    covers("R1", "R2", "R17");
    await talk(async ({ end }) => {
      const answer = await end.call("login", values);
      expect(codeOf(answer)).toBe(code);
      if (code === "no error") expect(answer.values).toEqual({ successed: true });
      else expect(answer.values.ex).toBeString();
    });
  });

  test("it can be refused by an answer, too", async () => {
    covers("R2");
    const options = { gatewayConfig: { refusal: "successed" } };
    await talk(async ({ end }) => {
      const answer = await end.call("login", login({ token: "" }));
      expect(answer).toMatchObject({ ok: true, values: { successed: false } });
      expect(codeOf(await end.call("voiceStart", START))).toBe(800002);
    }, options);
  });

  test.each(["voiceStart", "voiceData", "voiceEnd"])("without one, %s is refused", async (method) => {
    covers("R2", "R11", "R17");
    await talk(async ({ end }) => {
      expect(codeOf(await end.call(method, { streamId: 1n }))).toBe(800002);
    });
  });
});

describe("packets", () => {
  test.each([
    { version: 0, url: `tcp://${TCP}` },
    { version: 1, url: `tcp://${TCP}` },
    { version: 1, url: `ws://${WEB}/service/websocket` },
  ])("an answer has the version of its call, on either transport: %p", async (options) => {
    covers("R14", "R16");
    await talk(async ({ end }) => {
      const answer = await end.call("*ping", {});
      expect(answer.version).toBe(options.version);
      expect(answer.values).toEqual({ ts: EPOCH_S * 1000 });
    }, options);
  });

  test("calls that nobody knows are refused, one-way ones passed over", async () => {
    covers("R9", "R17");
    await talk(async ({ end }) => {
      expect(codeOf(await end.call("somethingNew", {}))).toBe(20004);
      expect(codeOf(await end.call("*key", {}))).toBe(20004);
      end.oneWay("login", login());
      end.oneWay("somethingNew", {});
      await end.call("*ping", {});
      expect(end.seen).toHaveLength(3);
    });
  });

  test("a client may speak JSON, and is answered in it", async () => {
    await talk(async ({ end }) => {
      const payload = encodeValues(login(), JSON_TEXT);
      end.send({ kind: "quest", version: 1, flag: JSON_TEXT, seq: 77, method: "login", payload });
      const answer = await end.next(({ seq }) => seq === 77);
      expect(answer).toMatchObject({ flag: JSON_TEXT, ok: true, values: { successed: true } });
    });
  });

  test.each([
    { what: "noise", bytes: Buffer.from("GET / HTTP/1.1\r\n\r\n") },
    { what: "a payload that is none", bytes: Buffer.from("46504e4e0180010501000000070000002a70696e67c1", "hex") },
    { what: "a payload of nothing", bytes: Buffer.from("46504e4e0180010500000000070000002a70696e67", "hex") },
  ])("$what ends the connection", async ({ bytes }) => {
    await talk(async ({ end }) => {
      end.connection.send(bytes);
      expect((await end.connection.closed).by).not.toBe("us");
    });
  });

  test("a connection on which nothing comes is closed after a minute, a ping keeps it", async () => {
    covers("R14");
    await talk(async ({ end, clock }) => {
      for (let i = 0; i < 4; i++) {
        await clock.sleep(45_000);
        await end.call("*ping", {});
      }
      await end.connection.closed;
      expect(clock.nowMs()).toBeGreaterThanOrEqual(180_000 + 60_000);
      expect(clock.nowMs()).toBeLessThanOrEqual(180_000 + 80_000);
    });
  });
});

describe("streams", () => {
  test("results have the client's times, one number for a sentence, and come before the answer to voiceEnd", async () => {
    covers("R3", "R8", "R12", "R13");
    await talk(async ({ end, open, running, ended }) => {
      const streamId = await open();
      expect(streamId).toBeGreaterThan(2n ** 53n);
      for (let seq = 0; seq < 100; seq++) await end.call("voiceData", silence(streamId, seq));
      const answer = await end.call("voiceEnd", { streamId });
      expect(answer.values).toEqual({});
      expect(end.seen.at(-1)).toBe(answer);
      const results: Values[] = end.seen.flatMap((seen) =>
        seen.kind === "quest" ? [{ method: seen.method, ...seen.values }] : [],
      );
      const at = (from: number, to: number) => ({ startTs: 1_700_000_000_000 + from, endTs: 1_700_000_000_000 + to });
      const common = { pid: PROJECT.pid, streamId, recTs: expect.any(Number) };
      expect(results).toEqual([
        { method: "recognizedResult", ...common, ...at(0, 1000), lang: "en", taskId: 1, asr: "go forward" },
        { method: "translatedResult", ...common, ...at(0, 1000), lang: "es", taskId: 1, trans: "GO FORWARD" },
        { method: "recognizedResult", ...common, ...at(1000, 2000), lang: "en", taskId: 2, asr: "ten meters" },
        { method: "translatedResult", ...common, ...at(1000, 2000), lang: "es", taskId: 2, trans: "TEN METERS" },
      ]);
      expect({ running: running(), ended: ended() }).toEqual({ running: 0, ended: ["done"] });
      expect(codeOf(await end.call("voiceData", silence(streamId, 100)))).toBe(800200);
      expect(codeOf(await end.call("voiceEnd", { streamId }))).toBe(800200);
    });
  });

  test.each([
    { switches: { asrResult: true }, methods: ["recognizedResult"] },
    { switches: { asrResult: true, asrTempResult: true }, methods: ["recognizedTempResult", "recognizedResult"] },
    { switches: { transResult: true }, methods: ["translatedResult"] },
    { switches: { transResult: true, asrTempResult: true }, methods: ["translatedTempResult", "translatedResult"] },
    { switches: { asrTempResult: true }, methods: [] },
  ])("$switches gives $methods", async ({ switches, methods }) => {
    covers("R4");
    await talk(async ({ end, open }) => {
      const streamId = await open({ srcLanguage: "en", destLanguage: "es", ...switches });
      for (let seq = 0; seq < 50; seq++) end.post("voiceData", silence(streamId, seq));
      await end.call("voiceEnd", { streamId });
      const came = end.seen.flatMap((seen) => (seen.kind === "quest" ? [seen.method] : []));
      expect([...new Set(came)].sort()).toEqual([...methods].sort());
    });
  });

  test("a client that leaves pushes unanswered gets all of them", async () => {
    covers("R9");
    await talk(async ({ end, open }) => {
      const streamId = await open();
      for (let seq = 0; seq < 100; seq++) end.post("voiceData", silence(streamId, seq));
      await end.call("voiceEnd", { streamId });
      expect(end.calls("translatedResult")).toHaveLength(2);
    });
  });

  test("several streams of one connection do not get in each other's way", async () => {
    covers("R3", "R12");
    const options = { workflow: HEARS_WORDS, types: testTypes() };
    await talk(async ({ end, open }) => {
      const one = await open();
      const other = BigInt(String((await end.call("voiceStart", START)).values.streamId));
      const pcm = words(2);
      for (let i = 0; i < 60; i++) {
        end.post("voiceData", { ...silence(one, i), data: frameOf(pcm, i) });
        if (i < 30) end.post("voiceData", { ...silence(other, i), data: frameOf(pcm, i) });
      }
      const [first, second] = await Promise.all([
        end.call("voiceEnd", { streamId: one }),
        end.call("voiceEnd", { streamId: other }),
      ]);
      expect([codeOf(first), codeOf(second)]).toEqual(["no error", "no error"]);
      const of = (id: bigint) => end.calls("recognizedResult").filter(({ streamId }) => streamId === id);
      expect(of(one).map(({ asr }) => asr)).toEqual(["w1", "w2"]);
      expect(of(other).map(({ asr }) => asr)).toEqual(["w1"]);
    }, options);
  });

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
    const workflow = hears(seconds("go")).replace("kind: audio", "kind: text").replace("inputs.talk", "inputs.talk");
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

  test("a client that waits says so by its times, and results follow them", async () => {
    covers("R8");
    await talk(async ({ end, open }) => {
      const streamId = await open();
      const atMs = (seq: number) => 1_700_000_000_000 + 20 * seq + (seq < 50 ? 7 * (seq % 2) : 30_000);
      for (let seq = 0; seq < 100; seq++) end.post("voiceData", { ...silence(streamId, seq), ts: atMs(seq) });
      await end.call("voiceEnd", { streamId });
      const times = end
        .calls("recognizedResult")
        .map(({ startTs, endTs }) => [startTs, endTs].map((t) => Number(t) - 1_700_000_000_000));
      expect(times[0]).toEqual([0, 1000]);
      expect(times[1]).toEqual([31_000, 32_000]);
    });
  });

  test("several languages are named beside the audio, and come each once for a sentence", async () => {
    covers("R10");
    await talk(
      async ({ end, open }) => {
        const streamId = await open({ ...START, destLanguage: "" });
        expect(codeOf(await end.call("voiceData", silence(streamId, 0)))).toBe(800003);
        const destLangs = ["es", "fr"];
        for (let seq = 1; seq <= 50; seq++) end.post("voiceData", silence(streamId, seq, { destLangs }));
        expect(codeOf(await end.call("voiceData", silence(streamId, 51, { destLangs: ["it"] })))).toBe(800003);
        await end.call("voiceEnd", { streamId });
        expect(end.calls("translatedResult").map(({ lang, taskId }) => ({ lang, taskId }))).toEqual([
          { lang: "es", taskId: 1 },
          { lang: "fr", taskId: 1 },
        ]);
      },
      { workflow: hears(seconds("go forward"), ["es", "fr", "de"]) },
    );
  });

  test("speech comes as a file for each sentence, with its text", async () => {
    covers("R10");
    const workflow = HEARS_WORDS.replace(
      "outputs: {",
      "  voice: { use: test.voice, from: es }\noutputs: { speech: voice,",
    );
    await talk(
      async ({ end, open }) => {
        const streamId = await open({ ...START, ttsResult: true });
        const pcm = words(2);
        for (let i = 0; i < 60; i++) end.post("voiceData", { ...silence(streamId, i), data: frameOf(pcm, i) });
        await end.call("voiceEnd", { streamId });
        const files = end.calls("ttsResult");
        expect(files.map(({ text, lang }) => ({ text, lang }))).toEqual([
          { text: "W1", lang: "es" },
          { text: "W2", lang: "es" },
        ]);
        for (const { data } of files) expect(data instanceof Uint8Array && isOgg(data)).toBe(true);
      },
      { workflow, types: testTypes() },
    );
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

describe("keys", () => {
  const encryption = { privateKey: EXCHANGE.serverPrivate };
  const quest = Buffer.from(EXCHANGE.quest, "hex");

  test("the published exchange is answered as published", async () => {
    covers("R15");
    await withService({ workflow: hears(seconds("go")), gatewayConfig: { encryption } }, async ({ network }) => {
      const connection = await network.dial({ url: `tcp://${TCP}` });
      connection.send(quest);
      expect(Buffer.from((await connection.receive()) as Uint8Array).toString("hex")).toBe(EXCHANGE.answer128);
      connection.close();
    });
  });

  test.each([
    {
      what: "a key that is no point",
      bytes: Buffer.from(EXCHANGE.quest.replace(EXCHANGE.clientPublic, "01".repeat(64)), "hex"),
    },
    { what: "a cipher of 192 bits", bytes: Buffer.from(EXCHANGE.quest.replace(/cc80$/, "ccc0"), "hex") },
    {
      what: "an exchange that comes late",
      bytes: Buffer.concat([Buffer.from(VECTORS.find(({ name }) => name === "V17 *ping")?.hex ?? "", "hex"), quest]),
    },
  ])("$what ends the connection without an answer to it", async ({ bytes }) => {
    covers("R15");
    await withService({ workflow: hears(seconds("go")), gatewayConfig: { encryption } }, async ({ network }) => {
      const connection = await network.dial({ url: `tcp://${TCP}` });
      connection.send(bytes);
      let answers = 0;
      for await (const _ of connection) answers++;
      expect(answers).toBeLessThanOrEqual(bytes.length > quest.length ? 1 : 0);
    });
  });

  test("a key that the library for Python filled up is taken", async () => {
    covers("R15");
    const { publicKeyOf, coordinateBytes } = await import("../../../plugins/rtvt/wire/curve.ts");
    const curve = "secp224r1";
    const bytes = coordinateBytes(curve);
    const key = publicKeyOf(curve, new Uint8Array(bytes).fill(0x11));
    const padded = new Uint8Array(64);
    padded.set(key.subarray(0, bytes), 32 - bytes);
    padded.set(key.subarray(bytes), 64 - bytes);
    const payload = encodeValues({ publicKey: padded, streamMode: false, bits: 128 });
    const gatewayConfig = { encryption: { curve, privateKey: "22".repeat(bytes) } };
    await withService({ workflow: hears(seconds("go")), gatewayConfig }, async ({ network }) => {
      const connection = await network.dial({ url: `tcp://${TCP}` });
      connection.send(encodePacket({ kind: "quest", version: 0, flag: 0x80, seq: 2, method: "*key", payload }));
      expect(((await connection.receive()) as Uint8Array).length).toBe(4 + 17);
      connection.close();
    });
  });
});

test("the key of the tests is the published one", () => {
  expect(KEY.secret).toBe(PROJECT.key);
});
