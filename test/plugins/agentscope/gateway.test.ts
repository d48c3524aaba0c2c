import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { encodeS16le, type FaultScript } from "#engine/plugin";
import { type GatewaySubject, gatewayContract, registerContract, type VendorService } from "#engine/testing";
import { covers } from "#test/covers";
import { rejectionOf } from "#test/rejection";
import { spoken } from "#test/toy-vendor/ears";
import type { ServiceOptions } from "#test/vendor-service";
import { CHATS, FAILS, KEY, openService, Talker, URL_, withService } from "./service.ts";

setDefaultTimeout(60_000);

const within = <T>(options: Partial<ServiceOptions>, use: (service: VendorService) => Promise<T>): Promise<T> =>
  withService({ workflow: CHATS, ...options }, use);

/** Says sentences as fast as they are spoken. */
async function talk({ connection }: Talker, { clock }: VendorService, sentences: readonly string[]): Promise<void> {
  for (const { pcm } of spoken(sentences)) {
    connection.send(encodeS16le(pcm));
    await clock.sleep(20);
  }
}

const transcripts = (talker: Talker) => talker.payloads("AudioTranscript").filter(({ finished }) => finished);

describe("a session", () => {
  test("hears, answers and speaks, each told as AgentScope names it", async () => {
    covers("S34");
    await within({}, async (service) => {
      const talker = await Talker.dial(service);
      const started = talker.next("SessionStarted");
      talker.say("SessionStart", { session_id: "s-1" });
      await started;
      await talk(talker, service, ["one two"]);
      await talker.next("ResponseAudioEnded");
      const stopped = talker.next("SessionStopped");
      talker.say("SessionStop");
      await stopped;
      expect(talker.events).toEqual([
        "SessionStarted",
        "AudioTranscript",
        "AudioTranscript",
        "AudioTranscript",
        "ResponseText",
        "ResponseAudioStarted",
        "ResponseAudioEnded",
        "SessionStopped",
      ]);
      expect(talker.payloads("AudioTranscript")).toEqual([
        { session_id: "s-1", text: "one", finished: false },
        { session_id: "s-1", text: "one two", finished: false },
        { session_id: "s-1", text: "one two", finished: true },
      ]);
      expect(talker.payloads("ResponseText")).toEqual([
        { session_id: "s-1", text: "ONE TWO", tool_calls: [], finished: true },
      ]);
      expect(talker.bytes).toBe("ONE TWO".length * 1600 * 2);
    });
  });

  test("takes its audio no more than the lead ahead of real time", async () => {
    await within({}, async (service) => {
      const talker = await Talker.dial(service);
      talker.say("SessionStart");
      await talk(talker, service, ["one two"]);
      await talker.next("ResponseAudioEnded");
      const audio = talker.told.filter(({ bytes }) => bytes !== undefined);
      const first = audio[0]!.atMs;
      for (const [i, { atMs }] of audio.entries())
        expect(atMs - first).toBeGreaterThanOrEqual((i + 1) * 100 - 200 - 100);
      expect(audio.at(-1)!.atMs - first).toBeLessThanOrEqual(700);
    });
  });

  test("that is stopped still answers what was said, and may be stopped twice and followed by another", async () => {
    covers("S1", "S32");
    await within({}, async (service) => {
      const talker = await Talker.dial(service);
      for (const id of ["a", "b"]) {
        talker.say("SessionStart", { session_id: id });
        for (const { pcm } of spoken(["three"])) talker.connection.send(encodeS16le(pcm));
        const stopped = talker.next("SessionStopped");
        talker.say("SessionStop");
        talker.say("SessionStop");
        await stopped;
      }
      expect(talker.payloads("ResponseText").map(({ session_id, text }) => `${session_id} ${text}`)).toEqual([
        "a THREE",
        "b THREE",
      ]);
      expect(talker.bytes).toBe(2 * "THREE".length * 1600 * 2);
      talker.say("SessionStop"); // once more, when all is over
      await talker.next("SessionStopped");
    });
  });

  test("falls silent at the first word that is said over it, and answers that instead", async () => {
    covers("S34");
    const spokenOver = (bargeIn: boolean) =>
      within({ gatewayConfig: { bargeIn } }, async (service) => {
        const talker = await Talker.dial(service);
        talker.say("SessionStart");
        await talk(talker, service, ["one two three four five six seven", "eight"]);
        await service.clock.sleep(20_000);
        const ended = talker.told.findIndex(({ event }) => event === "ResponseAudioEnded");
        const eight = talker.told.findIndex(({ payload }) => payload?.text === "eight");
        return { talker, ended, eight };
      });
    const over = await spokenOver(true);
    expect(transcripts(over.talker).map(({ text }) => text)).toEqual(["one two three four five six seven", "eight"]);
    expect(over.ended - over.eight).toBeLessThan(4); // at once, and what was on its way at most
    expect(over.ended).toBeGreaterThan(over.eight);
    expect(over.talker.bytes).toBeLessThan(20 * 1600 * 2);
    expect(over.talker.bytes).toBeGreaterThanOrEqual("EIGHT".length * 1600 * 2);
    expect(over.talker.events.filter((event) => event === "ResponseAudioStarted")).toHaveLength(2);
    const patient = await spokenOver(false);
    expect(patient.talker.bytes).toBe("ONE TWO THREE FOUR FIVE SIX SEVENEIGHT".length * 1600 * 2);
  });

  test.each([
    { modalities: ["text"], gone: ["ResponseAudioStarted", "ResponseAudioEnded"], stays: "ResponseText" },
    { modalities: ["audio"], gone: ["ResponseText"], stays: "ResponseAudioStarted" },
  ])("gives back $modalities alone where no more is wanted", async ({ modalities, gone, stays }) => {
    await within({}, async (service) => {
      const talker = await Talker.dial(service);
      talker.say("SessionStart", { downstream: { modalities } });
      for (const { pcm } of spoken(["one"])) talker.connection.send(encodeS16le(pcm));
      talker.say("SessionStop");
      await talker.next("SessionStopped");
      expect(talker.events).toContain(stays);
      for (const event of gone) expect(talker.events).not.toContain(event);
    });
  });

  test("takes and gives audio at the rates that it asks for", async () => {
    covers("S14");
    await within({}, async (service) => {
      const talker = await Talker.dial(service);
      talker.say("SessionStart", {
        upstream: { asr_options: { sample_rate: 16000, nb_channels: 2 } },
        downstream: { tts_options: { sample_rate: 8000 } },
      });
      for (const { pcm } of spoken(["one"])) {
        const both = new Int16Array(pcm.length * 2).map((_, i) => pcm[i >> 1]!);
        const bytes = encodeS16le(both);
        talker.connection.send(bytes.subarray(0, 7)); // wherever it is cut
        talker.connection.send(bytes.subarray(7));
      }
      talker.say("SessionStop");
      await talker.next("SessionStopped");
      expect(transcripts(talker).map(({ text }) => text)).toEqual(["one"]);
      expect(talker.bytes).toBe("ONE".length * 800 * 2);
    });
  });
});

describe("what cannot be served closes the socket with a reason", () => {
  const start = (payload: object) => JSON.stringify({ directive: "SessionStart", payload });
  test.each([
    { name: "no JSON", messages: ["hello"], code: 1007, reason: "no directive" },
    { name: "another directive", messages: ['{"directive":"Sing"}'], code: 1007, reason: "no directive" },
    { name: "an event", messages: ['{"event":"SessionStarted"}'], code: 1007, reason: "no directive" },
    { name: "audio before a session", messages: [new Uint8Array(320)], code: 1007, reason: "before SessionStart" },
    { name: "an end before a session", messages: ['{"directive":"SessionStop"}'], code: 1007, reason: "before" },
    { name: "a session within another", messages: [start({}), start({})], code: 1008, reason: "under way" },
    {
      name: "a format that is not read",
      messages: [start({ upstream: { asr_options: { format: "amr" } } })],
      code: 1008,
      reason: "pcm",
    },
    {
      name: "a rate that nobody has",
      messages: [start({ downstream: { tts_options: { sample_rate: 12345 } } })],
      code: 1008,
      reason: "sample_rate",
    },
    {
      name: "a session without audio",
      messages: [start({ upstream: { modalities: ["video"] } })],
      code: 1008,
      reason: "modalities",
    },
  ])("$name", async ({ messages, code, reason }) => {
    await within({}, async (service) => {
      const talker = await Talker.dial(service);
      for (const message of messages) talker.connection.send(message);
      const end = await talker.end();
      expect(end.code).toBe(code);
      expect(end.reason).toContain(reason);
      expect(service.emulator.host.running).toBe(0);
    });
  });

  test("speech beyond what may wait", async () => {
    await within({ gatewayConfig: { mostQueuedMs: 1000 } }, async (service) => {
      const talker = await Talker.dial(service);
      talker.say("SessionStart");
      for (const { pcm } of spoken(["one two three four five six"])) talker.connection.send(encodeS16le(pcm));
      expect(await talker.end()).toMatchObject({ code: 1011, reason: "AUDIO_TOO_LONG" });
    });
  });
});

describe("faults", () => {
  test.each([
    { fault: { rateLimit: true }, status: 429 },
    { fault: { expiredToken: true }, status: 401 },
    { fault: { refuse: 503 }, status: 503 },
  ] as const)("$fault is an upgrade that is refused", async ({ fault, status }) => {
    await within({ faults: [{ on: "handshake", do: fault }] }, async (service) => {
      expect(await rejectionOf(Talker.dial(service))).toMatchObject({ details: { status } });
    });
  });

  test("an error in the midst of a session closes the socket", async () => {
    const faults = [
      { on: "connection" as const, after: { sent: 1 }, do: { vendorError: "Overloaded" } },
    ] satisfies FaultScript["faults"];
    await within({ faults }, async (service) => {
      const talker = await Talker.dial(service);
      talker.say("SessionStart");
      expect(await talker.end()).toEqual({ code: 1011, reason: "error Overloaded" });
    });
  });

  test("a line that breaks ends the run", async () => {
    const faults = [
      { on: "connection" as const, after: { received: 5 }, do: { close: 1006 } },
    ] satisfies FaultScript["faults"];
    await within({ faults }, async (service) => {
      const talker = await Talker.dial(service);
      talker.say("SessionStart");
      for (const { pcm } of spoken(["one"])) talker.connection.send(encodeS16le(pcm));
      await talker.end();
      await service.clock.sleep(1000);
      expect(service.emulator.host.running).toBe(0);
    });
  });
});

describe("the contract", () => {
  const converse = async (service: VendorService): Promise<unknown> => {
    const talker = await Talker.dial(service);
    talker.say("SessionStart", { session_id: "s" });
    for (const { pcm } of spoken(["one two", "three"])) talker.connection.send(encodeS16le(pcm));
    talker.say("SessionStop");
    await Promise.race([talker.next("SessionStopped"), talker.end()]);
    talker.connection.close();
    return {
      told: talker.told.map(({ event, payload, bytes }) => ({ event, payload, bytes })),
      end: await talker.end(),
    };
  };
  const subject = (): GatewaySubject => ({
    open: (workflow) => openService({ workflow: workflow === "failing" ? FAILS : CHATS }),
    addresses: [URL_],
    converse,
    tellsFailure: (told) => JSON.stringify(told).includes('"code":1011'),
    refused: async (service) => (await Talker.dial(service, "wrong-key")).told,
    async begin(service) {
      const talker = await Talker.dial(service);
      talker.say("SessionStart");
      for (const { pcm } of spoken(["one"])) talker.connection.send(encodeS16le(pcm));
      await talker.next("SessionStarted");
      return talker.connection;
    },
    secrets: [KEY.secret],
  });
  registerContract(gatewayContract("agentscope", subject), test);
});
