import { describe, expect, test } from "bun:test";
import { covers } from "#test/covers";
import { rejectionOf } from "#test/rejection";
import { hears } from "#test/service-workflows";
import { silentFrames } from "#test/signals";
import { textsOf } from "#test/texts";
import { utterances } from "#test/utterances";
import { asr } from "../../../plugins/azure/asr.ts";
import { interpret } from "../../../plugins/azure/interpret.ts";
import { served, translates, wireOf } from "./service.ts";

describe("a conversation", () => {
  test("gives partials and finals in order, at their times", async () => {
    covers("S1", "S6", "S10", "S14");
    const { frames, events, usage } = await served(asr, {
      workflow: hears("go forward", "ten meters"),
      frames: silentFrames(2000),
    });
    const finals = textsOf(frames("final"));
    expect(
      finals.map(({ text, startSample, endSample, language }) => ({ text, startSample, endSample, language })),
    ).toEqual([
      { text: "go forward", startSample: 0, endSample: 16_000, language: "en-US" },
      { text: "ten meters", startSample: 16_000, endSample: 32_000, language: "en-US" },
    ]);
    expect(textsOf(frames("partial")).map(({ text, revision }) => `${revision} ${text}`)).toEqual([
      "1 go",
      "2 go forward",
      "1 ten",
      "2 ten meters",
    ]);
    expect(new Set(finals.map(({ utterance }) => utterance)).size).toBe(2);
    const turns = new Set(textsOf([...frames("partial"), ...finals]).map(({ vendor }) => String(vendor?.requestId)));
    expect([...turns]).toEqual([expect.stringMatching(/^[0-9A-F]{32}$/)]);
    expect(usage.audioSeconds).toBeCloseTo(2);
    expect(events.map(({ type }) => type)).toContain("turnEnded");
  });

  test("keeps the key out of the address, and out of what is traced", async () => {
    covers("S16", "S36");
    const { events } = await served(asr, { workflow: hears("x"), frames: silentFrames(500), tracing: true });
    expect(JSON.stringify(events)).not.toContain("example-key");
    expect(events.find(({ type }) => type === "opened")?.endpoint).toContain("/stt/speech/universal/v2");
  });

  test("asks for what the workflow says, in the address and in the context", async () => {
    covers("S9", "S15", "S22", "S26");
    const config = {
      words: true,
      phrases: ["Parlando"],
      endSilenceMs: 700,
      initialSilenceMs: 5000,
      removeFillers: true,
      profanity: "raw",
      stableThreshold: 3,
    };
    const heard = await served(asr, { workflow: hears("x"), frames: silentFrames(500), config, tracing: true });
    const context = wireOf(heard, "out").find(({ path }) => path === "speech.context")!;
    expect(JSON.parse(context.body)).toEqual({
      phraseDetection: {
        mode: "Conversation",
        language: "en-US",
        initialSilenceTimeout: 5000,
        trailingSilenceTimeout: 700,
        conversation: { segmentation: { mode: "Custom", segmentationSilenceTimeoutMs: 700 } },
        enrichment: {
          profanity: "raw",
          conversation: {
            punctuationMode: "Implicit",
            disfluencyMode: "Removed",
            intermediatePunctuationMode: "Implicit",
            intermediatedisfluencymode: "Removed",
          },
        },
      },
      phraseOutput: { format: "Detailed", detailed: { options: ["WordTimings"] } },
      dgi: { groups: [{ type: "Generic", items: [{ text: "Parlando" }] }], bias: 1 },
    });
    expect(wireOf(heard, "out").map(({ path }) => path)).toEqual(["speech.config", "speech.context"]);
  });

  test("gives the times of words with detailed output", async () => {
    covers("S7");
    const { frames } = await served(asr, {
      workflow: hears("one two"),
      frames: silentFrames(1000),
      config: { words: true },
    });
    expect(textsOf(frames("final"))[0]).toMatchObject({
      text: "one two",
      confidence: 0.9,
      words: [
        { text: "one", startSample: 0, endSample: 8000 },
        { text: "two", startSample: 8000, endSample: 16_000 },
      ],
    });
  });

  test("tells the languages that were found, and speakers apart", async () => {
    covers("S21", "S27");
    const config = { languages: ["en-US", "de-DE"], diarization: true };
    const { frames } = await served(asr, { workflow: hears("hello"), frames: silentFrames(1000), config });
    expect(textsOf(frames("final"))[0]).toMatchObject({ text: "hello", language: "en-US", speaker: "Unknown" });
  });
});

describe("single requests", () => {
  test("each utterance is a turn and keeps its name and place", async () => {
    covers("S20", "S32");
    const { frames } = await served(asr, {
      workflow: hears("go forward"),
      frames: utterances(2),
      config: { mode: "once" },
    });
    expect(
      textsOf(frames("final")).map(({ utterance, text, startSample }) => `${utterance} ${text} ${startSample}`),
    ).toEqual(["u1 go forward 0", "u2 go forward 32000"]);
  });

  test("where nothing was understood there is no final", async () => {
    const { frames, counters, events } = await served(asr, {
      workflow: hears(""),
      frames: utterances(1),
      config: { mode: "once" },
    });
    expect(textsOf(frames("final"))).toEqual([]);
    expect(counters.emptyUtterances).toBe(1);
    expect(events).toContainEqual({ type: "emptyUtterance", utterance: "u1" });
  });
});

describe.each(["response", "phrase"])("translation, told as %s", (translationStyle) => {
  const SAID = { "good morning": { es: "buenos días", fr: "bonjour" }, "thank you": { es: "gracias", fr: "merci" } };

  test("transcripts and translations of a sentence belong together", async () => {
    covers("S23");
    const { frames } = await served(interpret, {
      workflow: translates(SAID, ["es", "fr"]),
      frames: silentFrames(2000),
      config: { targets: ["es", "fr"] },
      gatewayConfig: { translationStyle },
    });
    const transcripts = textsOf(frames("transcript"));
    const translations = textsOf(frames("translation"));
    expect(transcripts.map(({ text }) => text)).toEqual(["good morning", "thank you"]);
    expect(
      translations.map(({ text, language, madeFrom }) => `${language} ${text} < ${madeFrom?.text}`).sort(),
    ).toEqual([
      "es buenos días < good morning",
      "es gracias < thank you",
      "fr bonjour < good morning",
      "fr merci < thank you",
    ]);
    for (const translation of translations)
      expect(transcripts.find(({ utterance }) => utterance === translation.utterance)?.text).toBe(
        translation.madeFrom!.text,
      );
    expect(textsOf(frames("transcriptPartial")).map(({ text }) => text)).toContain("good");
  });
});

describe("failures of the service", () => {
  const once = { link: { attempts: 1 } };
  test.each([
    { status: 401, code: "VENDOR_KEY_REFUSED" },
    { status: 403, code: "VENDOR_KEY_REFUSED" },
    { status: 404, code: "VENDOR_REFUSED" },
  ])("an upgrade refused with $status is not tried again", async ({ status, code }) => {
    const failing = served(asr, {
      workflow: hears("x"),
      frames: silentFrames(500),
      faults: [{ on: "handshake", connections: [1, 2], do: { refuse: status } }],
    });
    expect(await rejectionOf(failing)).toMatchObject({ code });
  });

  test("an upgrade refused for rate or by an error of the service is tried again", async () => {
    covers("S37");
    const { frames, events } = await served(asr, {
      workflow: hears("after all"),
      frames: silentFrames(1000),
      faults: [
        { on: "handshake", connections: 1, do: { refuse: 429 } },
        { on: "handshake", connections: 2, do: { refuse: 503 } },
      ],
    });
    expect(textsOf(frames("final")).map(({ text }) => text)).toEqual(["after all"]);
    expect(events.filter(({ type }) => type === "opened")).toHaveLength(1);
  });

  test.each([
    { status: "TooManyRequests", code: "VENDOR_RATE_LIMITED" },
    { status: "Forbidden", code: "VENDOR_QUOTA_EXHAUSTED" },
    { status: "BadRequest", code: "VENDOR_REFUSED" },
    { status: "Error", code: "VENDOR_FAILED" },
  ])("a phrase with status $status is $code", async ({ status, code }) => {
    covers("S11", "S37");
    const failing = served(asr, {
      workflow: hears("x"),
      frames: silentFrames(1000),
      config: once,
      faults: [{ on: "connection", after: { received: 6 }, do: { vendorError: status } }],
    });
    expect(await rejectionOf(failing)).toMatchObject({ code, details: { vendorCode: status } });
  });

  test.each([
    { close: 1007, code: "VENDOR_REFUSED" },
    { close: 1002, code: "VENDOR_REFUSED" },
    { close: 1011, code: "VENDOR_LOST" },
    { close: 1006, code: "VENDOR_LOST" },
  ])("a socket closed with $close in the midst of a turn is $code", async ({ close, code }) => {
    const failing = served(asr, {
      workflow: hears("x"),
      frames: silentFrames(1000),
      config: once,
      faults: [{ on: "connection", after: { received: 8 }, do: { close } }],
    });
    expect(await rejectionOf(failing)).toMatchObject({ code });
  });

  test.each([{ garbage: true }, { half: true }] as const)("nonsense (%o) is a coded failure", async (fault) => {
    const failing = served(asr, {
      workflow: hears("x"),
      frames: silentFrames(1000),
      config: once,
      faults: [{ on: "connection", after: { received: 5 }, do: fault }],
    });
    expect(await rejectionOf(failing)).toMatchObject({ code: expect.stringMatching(/^VENDOR_(PROTOCOL|LOST)$/) });
  });
});
