import { describe, expect, test } from "bun:test";
import { type AudioFrame, type FaultScript, levelDbfs, withRetry } from "#engine/plugin";
import { driveNode } from "#engine/testing";
import { covers } from "#test/covers";
import { framesOf, silentFrames } from "#test/signals";
import { textsOf } from "#test/texts";
import type { ServedOptions } from "#test/vendor-service";
import { asr } from "../../../plugins/rtvt/asr.ts";
import { interpret } from "../../../plugins/rtvt/interpret.ts";
import { EXCHANGE } from "./fixtures/vectors.ts";
import { HEARS_WORDS, TEXT_MS, testTypes, words } from "./nodes.ts";
import { pem } from "./pem.ts";
import { ACCESS, hears, OVER_WEB, seconds, served, withService } from "./service.ts";

const retried = withRetry(interpret, 3);
const said = (frames: Parameters<typeof textsOf>[0]) => textsOf(frames).map(({ text }) => text);
const options = (more: Partial<ServedOptions> = {}): ServedOptions => ({
  workflow: hears(seconds("go forward", "ten meters")),
  frames: silentFrames(2500),
  config: { target: "es" },
  ...more,
});

const failure = async (work: Promise<unknown>): Promise<{ code?: string; message: string }> =>
  work.then(
    () => ({ message: "nothing was thrown" }),
    (error) => error,
  );

describe("against the gateway", () => {
  test.each([
    { over: "TCP", access: ACCESS },
    { over: "a WebSocket", access: OVER_WEB },
  ])("transcripts and translations come over $over", async ({ access }) => {
    covers("R2", "R3", "R4", "R5", "R8", "R9", "R12", "R16");
    const { frames, network, emulator, events } = await served(interpret, options({ access }));
    expect(said(frames("transcript"))).toEqual(["go forward", "ten meters"]);
    expect(said(frames("translation"))).toEqual(["GO FORWARD", "TEN METERS"]);
    expect(said(frames("transcriptPartial"))).toEqual(["go", "go forward", "ten", "ten meters"]);
    expect(said(frames("translationPartial"))).toEqual(["GO", "GO FORWARD", "TEN", "TEN METERS"]);
    for (const { startSample, endSample, madeFrom, text } of textsOf(frames("translation"))) {
      expect(endSample - startSample).toBe(16_000);
      expect(madeFrom?.text).toBe(text.toLowerCase());
    }
    expect(textsOf(frames("translationPartial")).map(({ madeFrom }) => madeFrom?.text)).toEqual(
      said(frames("transcriptPartial")),
    );
    expect(events.map(({ type }) => type)).toEqual(["opened", "started", "closed"]);
    expect(network.sockets).toBe(0);
    expect(emulator.host.running).toBe(0);
  });

  test("a network that cuts packets to pieces changes nothing", async () => {
    const cut = (bytes: Uint8Array) =>
      Array.from({ length: Math.ceil(bytes.length / 97) }, (_, i) => bytes.slice(97 * i, 97 * i + 97));
    const { frames } = await served(interpret, options({ network: { cut, latencyMs: 30 } }));
    expect(said(frames("translation"))).toEqual(["GO FORWARD", "TEN METERS"]);
  });

  test("a recogniser gives transcripts alone", async () => {
    covers("R4");
    const { emitted } = await served(asr, options({ config: { partials: false } }));
    expect(emitted.map(({ port, frame }) => `${port} ${frame.kind === "text" && frame.text}`)).toEqual([
      "final go forward",
      "final ten meters",
    ]);
  });

  test("switched off, neither partials nor transcripts come", async () => {
    covers("R4");
    const config = { target: "es", partials: false, transcripts: false };
    const { emitted } = await served(interpret, options({ config }));
    expect(emitted.map(({ port }) => port)).toEqual(["translation", "translation"]);
    expect(Object.keys(interpret.outputs(interpret.config.parse({ ...ACCESS, ...config })))).toEqual([
      "translation",
      "translationPartial",
    ]);
  });

  test("several languages come each in their own", async () => {
    covers("R10");
    const workflow = hears(seconds("go forward"), ["es", "fr", "de"]);
    const { frames } = await served(interpret, options({ workflow, config: { target: ["es", "fr"] } }));
    const finals = textsOf(frames("translation")).map(
      ({ language, utterance, text }) => `${language} ${utterance} ${text}`,
    );
    expect(finals).toEqual(["es node-1 GO FORWARD", "fr node-1 GO FORWARD"]);
  });

  test.each([
    { codec: "pcm", bits: undefined },
    { codec: "opus", bits: undefined },
    { codec: "pcm", bits: { bits: 128, streamMode: false } },
    { codec: "pcm", bits: { bits: 256, streamMode: true } },
  ])("words come whatever the line carries: $codec, $bits", async ({ codec, bits }) => {
    covers("R10", "R15");
    const privateKey = EXCHANGE.serverPrivate;
    const { frames, network } = await served(
      interpret,
      options({
        config: { target: "es", codec, ...(bits && { encryption: { publicKey: pem(privateKey), ...bits } }) },
        gatewayConfig: { encryption: { privateKey } },
      }),
    );
    expect(said(frames("translation"))).toEqual(["GO FORWARD", "TEN METERS"]);
    expect(network.sockets).toBe(0);
  });

  test("a gateway without a cipher says that it has none", async () => {
    covers("R15");
    const encryption = { publicKey: pem(EXCHANGE.serverPrivate) };
    const link = { attempts: 1, openMs: 3000 };
    expect((await failure(served(interpret, options({ config: { target: "es", encryption, link } })))).code).toBe(
      "VENDOR_PROTOCOL",
    );
  });

  test("a wrong key is refused without a second attempt", async () => {
    covers("R2");
    const wrong = Buffer.from("another key").toString("base64");
    const refused = await failure(served(interpret, options({ access: { ...ACCESS, key: wrong } })));
    expect(refused).toMatchObject({ code: "VENDOR_KEY_REFUSED", details: { vendorCode: 800102 } });
    expect(refused.message).not.toContain(wrong);
    const unknown = await failure(served(interpret, options({ access: { ...ACCESS, pid: 5 } })));
    expect(unknown).toMatchObject({ code: "VENDOR_KEY_REFUSED", details: { vendorCode: 800103 } });
  });

  test("a login that is refused by an answer is refused all the same", async () => {
    covers("R2");
    const access = { ...ACCESS, pid: 5 };
    const refused = await failure(served(interpret, options({ access, gatewayConfig: { refusal: "successed" } })));
    expect(refused).toMatchObject({ code: "VENDOR_KEY_REFUSED", details: { vendorCode: 800005 } });
  });
});

describe("when something goes wrong", () => {
  const faults = (...list: FaultScript["faults"]) => list;
  const everything = { transcript: ["go forward", "ten meters"], translation: ["GO FORWARD", "TEN METERS"] };

  test.each([
    { what: "the service is busy once", list: faults({ on: "handshake", connections: 1, do: { rateLimit: true } }) },
    { what: "a token is too old once", list: faults({ on: "handshake", connections: 1, do: { expiredToken: true } }) },
    { what: "a login fails once", list: faults({ on: "handshake", connections: 1, do: { vendorError: 800000 } }) },
    { what: "the door is slow", list: faults({ on: "handshake", do: { delay: 3000 } }) },
    { what: "the first connection is cut", list: faults({ on: "handshake", connections: 1, do: { refuse: 503 } }) },
    { what: "results are delayed", list: faults({ on: "messages", from: 1, do: { delay: 800 } }) },
    { what: "everything comes twice", list: faults({ on: "messages", from: 1, do: { duplicate: true } }) },
    { what: "messages overtake each other", list: faults({ on: "messages", from: 3, do: { reorder: true } }) },
  ])("$what: nothing is lost and nothing doubled", async ({ list }) => {
    covers("R11");
    const { frames } = await served(retried, options({ faults: list }));
    expect(said(frames("transcript"))).toEqual(everything.transcript);
    expect(said(frames("translation"))).toEqual(everything.translation);
  });

  test.each([
    { what: "closed in mid-utterance", fault: { close: 1006 }, code: "VENDOR_LOST" },
    { what: "silent on an open socket", fault: { silence: true }, code: "VENDOR_LOST" },
    { what: "garbage", fault: { garbage: true }, code: "VENDOR_PROTOCOL" },
    { what: "half a packet", fault: { half: true }, code: "VENDOR_LOST" },
    { what: "an error for no reason", fault: { vendorError: 800000 }, code: "VENDOR_FAILED" },
    { what: "a stream that expired", fault: { vendorError: 800200 }, code: "VENDOR_LOST" },
  ] as const)(
    "a connection that is $what is made again, with login, stream and the audio since the last final",
    async ({ fault, code }) => {
      covers("R11");
      for (const received of [3, 20, 50, 70, 100]) {
        const list = faults({ on: "connection", connections: 1, after: { received }, do: fault });
        const { frames, events, network, emulator } = await served(
          retried,
          options({ workflow: HEARS_WORDS, types: testTypes(), frames: framesOf(words(4)), faults: list }),
        );
        expect(said(frames("transcript"))).toEqual(["w1", "w2", "w3", "w4"]);
        expect(said(frames("translation"))).toEqual(["W1", "W2", "W3", "W4"]);
        const opened = events.filter(({ type }) => type === "opened");
        expect(opened.length).toBeGreaterThanOrEqual(2);
        expect(new Set(opened.map(({ connection }) => connection)).size).toBe(opened.length);
        for (const event of opened) expect(event).toMatchObject({ endpoint: "tcp://rtvt.test:14001", attempt: 1 });
        expect(events.filter(({ type }) => type === "closed").map(({ cause }) => cause)).toContain(code);
        expect(network.sockets).toBe(0);
        expect(emulator.host.running).toBe(0);
      }
    },
  );

  test("a clock that is off by ten minutes is said to be", async () => {
    covers("R2", "R11");
    const off = await failure(served(interpret, options({ faults: [{ on: "clock", do: { skewMs: 600_000 } }] })));
    expect(off).toMatchObject({ code: "VENDOR_TOKEN_EXPIRED", details: { vendorCode: 800101 } });
    const little = await served(interpret, options({ faults: [{ on: "clock", do: { skewMs: 200_000 } }] }));
    expect(said(little.frames("translation"))).toEqual(everything.translation);
  });

  test("nobody there is said with the address", async () => {
    const nobody = await failure(served(interpret, options({ access: { ...ACCESS, url: "tcp://nobody.test:14001" } })));
    expect(nobody.code).toBe("VENDOR_UNREACHABLE");
    expect(nobody.message).toContain("nobody.test");
  });

  test("handshakes of 0, 0.5 and 3 s lose no sample", async () => {
    covers("R11");
    for (const delay of [0, 500, 3000]) {
      const { frames, gated, held, usage } = await served(
        interpret,
        options({ faults: [{ on: "handshake", do: { delay } }] }),
      );
      expect(said(frames("transcript"))).toEqual(everything.transcript);
      expect({ gated, held }).toEqual({ gated: 0, held: 0 });
      expect(usage.audioSeconds).toBeCloseTo(2.5);
    }
  });

  test("a flush finishes the sentence, and the next frame begins another stream", async () => {
    covers("R12");
    await withService({ workflow: hears(seconds("go forward")) }, async ({ clock, network, emulator }) => {
      const frames = [...silentFrames(600), { kind: "flush" } as const, ...silentFrames(1100).map(later(9600))];
      const driven = await driveNode(interpret, { ...ACCESS, target: "es" }, { clock, network, frames });
      expect(said(driven.frames("transcript"))).toEqual(["go forward", "go forward"]);
      expect(driven.events.filter(({ type }) => type === "started")).toHaveLength(2);
      expect(driven.events.filter(({ type }) => type === "opened")).toHaveLength(1);
      expect(emulator.host.reports.map(({ state }) => state)).toEqual(["done", "done"]);
    });
  });
});

test("speech comes as audio without a gap, each piece with its utterance", async () => {
  covers("R10");
  const workflow = `
parlando: 1
name: speaks
inputs: { talk: { kind: audio } }
nodes:
  asr: { use: core.script, from: inputs.talk, with: { as: asr, language: en, blocking: false, results: [{ text: go, fromMs: 0, untilMs: 500 }, { text: on, fromMs: 500, untilMs: 1000 }] } }
  es: { use: core.script, from: asr, with: { as: translate, otherwise: upper, language: es } }
  voice: { use: test.voice, from: es }
outputs: { texts: [asr.final, es], speech: voice }
`;
  const types = testTypes();
  const { frames } = await served(interpret, options({ workflow, types, config: { target: "es", speech: true } }));
  const audio = frames("speech").filter((frame): frame is AudioFrame => frame.kind === "audio");
  expect([...new Set(audio.map(({ utterance }) => utterance))]).toEqual(["node-1", "node-2"]);
  let end = 0;
  for (const { startSample, pcm } of audio) {
    expect(startSample).toBe(end);
    end += pcm.length;
  }
  const wanted = (2 * TEXT_MS * 16_000) / 1000;
  expect(end).toBeGreaterThanOrEqual(wanted);
  expect(end - wanted).toBeLessThanOrEqual(2 * 2 * 320); // each file is filled up to whole packets
  expect(Math.max(...audio.map(({ pcm }) => levelDbfs(pcm)))).toBeGreaterThan(-20);
});

const later = (samples: number) => (frame: AudioFrame) => ({ ...frame, startSample: frame.startSample + samples });
