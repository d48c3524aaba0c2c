import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";
import type { FaultScript } from "#engine/plugin";
import type { Emulator } from "#engine/testing";
import { hears, speaks, typesWithTones } from "#test/service-workflows";
import { emulateOutside, JAVASCRIPT, type Told, toldBy } from "#test/vendor-library";
import { gateway } from "../../../plugins/azure/gateway.ts";
import { KEY, translates } from "./service.ts";

setDefaultTimeout(90_000); // each starts a program, on a machine that may be busy

const listening = (workflow: string, faults: FaultScript["faults"] = []) =>
  emulateOutside(gateway, { types: typesWithTones(), workflow, keys: [KEY], faults: { faults } });

const SAID = { "good morning": { es: "buenos días", fr: "bonjour" }, "thank you": { es: "gracias", fr: "merci" } };

describe.each(JAVASCRIPT)("the vendor's library under $program", ({ program, path }) => {
  const checked = path ? test : test.skip;
  let hearing: Emulator;
  let translating: Emulator;
  let speaking: Emulator;

  beforeAll(async () => {
    hearing = await listening(hears("one two", "three"));
    translating = await listening(translates(SAID, ["es", "fr"]));
    speaking = await listening(speaks());
  });
  afterAll(async () => {
    for (const each of [hearing, translating, speaking]) await each.close();
  });

  const run = (what: string, { web }: Emulator, rest = "", key = KEY.id) =>
    toldBy([path ?? program, join(import.meta.dir, "vendor-client.cjs"), what, `ws://${web}/`, key, rest]);
  const details = (told: readonly Told[], event: string) =>
    told.filter((each) => each.event === event).map(({ detail }) => detail);
  /** What was understood; the library tells the end of a dictation as nothing. */
  const understood = (told: readonly Told[], event = "recognized") => details(told, event).filter(({ text }) => text);

  checked.each(["", "dictation"])("recognises a stream %s", async (mode) => {
    const told = await run("continuous", hearing, mode);
    expect(told[0]?.event).toBe("sessionStarted");
    expect(details(told, "recognizing").map(({ text }) => text)).toContain("one");
    expect(understood(told)).toMatchObject([
      { reason: "RecognizedSpeech", text: "one two", offsetMs: 0, durationMs: 1000 },
      { reason: "RecognizedSpeech", text: "three", offsetMs: 1000, durationMs: 1000 },
    ]);
    expect(details(told, "canceled")).toEqual([{ reason: "EndOfStream", code: "NoError" }]);
    expect(told.at(-1)?.event).toBe("sessionStopped");
  });

  checked("gets detailed output with the times of words", async () => {
    const told = await run("continuous", hearing, "detailed");
    expect(understood(told).map(({ text, words }) => ({ text, words }))).toEqual([
      { text: "one two", words: ["one", "two"] },
      { text: "three", words: ["three"] },
    ]);
  });

  checked("recognises once, and stops by itself", async () => {
    const [result] = await run("once", hearing);
    expect(result?.detail).toMatchObject({ reason: "RecognizedSpeech", text: "one two", durationMs: 1000 });
  });

  checked("tells speakers apart", async () => {
    const told = await run("diarize", hearing);
    expect(understood(told, "transcribed")).toMatchObject([
      { text: "one two", speaker: "Unknown" },
      { text: "three", speaker: "Unknown" },
    ]);
  });

  checked.each(["v2", "v1"])("translates on the address of %s", async (version) => {
    const told = await run("translate", translating, version);
    expect(understood(told)).toMatchObject([
      { reason: "TranslatedSpeech", text: "good morning", translations: SAID["good morning"] },
      { reason: "TranslatedSpeech", text: "thank you", translations: SAID["thank you"] },
    ]);
  });

  checked("has a text spoken, with the times of its words", async () => {
    const told = await run("speak", speaking);
    expect(details(told, "result")).toEqual([
      { reason: "SynthesizingAudioCompleted", bytes: 1200 * 32, durationMs: 1200 },
    ]);
    expect(details(told, "word").map(({ text }) => text)).toEqual(expect.arrayContaining(["Hello", "there"]));
  });

  checked("has a text spoken while it is written", async () => {
    const told = await run("stream", speaking);
    const chars = "Hello there.".length + "Bye.".length;
    expect(details(told, "result")).toEqual([{ reason: "SynthesizingAudioCompleted", bytes: chars * 100 * 32 }]);
  });

  checked("lists the voices", async () => {
    const told = await run("voices", speaking);
    expect(details(told, "voices")).toEqual([
      { reason: "VoicesListRetrieved", names: ["en-US-AvaMultilingualNeural"] },
    ]);
  });

  checked("is turned away with a wrong key", async () => {
    const told = await run("continuous", hearing, "", "wrong-key");
    expect(details(told, "canceled")).toEqual([{ reason: "Error", code: "ConnectionFailure" }]);
  });

  checked.each([
    { status: "TooManyRequests", code: "TooManyRequests" },
    { status: "Forbidden", code: "Forbidden" },
    { status: "BadRequest", code: "BadRequestParameters" },
    { status: "Error", code: "ServiceError" },
  ])("is told of $status", async ({ status, code }) => {
    const failing = await listening(hears("one"), [
      { on: "connection", after: { received: 8 }, do: { vendorError: status } },
    ]);
    const told = await run("continuous", failing);
    expect(details(told, "canceled")[0]).toEqual({ reason: "Error", code });
    await failing.close();
  });

  checked("comes back after a socket was lost in the midst of a stream, and misses nothing", async () => {
    const broken = await listening(hears("one two", "three"), [
      { on: "connection", connections: 1, after: { received: 10 }, do: { close: 1011 } },
    ]);
    const told = await run("continuous", broken);
    expect(understood(told).map(({ text }) => text)).toEqual(["one two", "three"]);
    await broken.close();
  });
});
