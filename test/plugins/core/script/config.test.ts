import { expect, test } from "bun:test";
import { script } from "../../../../plugins/core/script.ts";

/** `path: message` of each finding. */
const findings = (config: object): string[] =>
  script.config.safeParse(config).error?.issues.map(({ path, message }) => `${path.join(".")}: ${message}`) ?? [];

const source = (...events: object[]) => ({ as: "source", events });
const asr = (...results: object[]) => ({ as: "asr", results });
const noise = { noise: true, ms: 100 };

test.each([
  { config: { as: "source" }, is: "events: is missing: what comes, and when" },
  { config: { as: "asr" }, is: "results: is missing: one entry for each utterance" },
  { config: { ...asr({ text: "a" }), table: {} }, is: "table: belongs to as: translate, and this is as: asr" },
  {
    config: { ...source({ text: "a" }), delayMs: 5 },
    is: "delayMs: belongs to as: asr and as: translate, and this is as: source",
  },
  {
    config: source({ text: "a", speech: "start" }),
    is: "events.0.text: wanted one of audio, speech, text, data, error, hang; found speech and text",
  },
  { config: source({ atMs: 5 }), is: "events.0: wanted one of audio, speech, text, data, error, hang; found none" },
  { config: source({ speech: "start", final: true }), is: "events.0.final: belongs to text, which is not there" },
  { config: source({ audio: { ms: 100 } }), is: "events.0.audio: wanted one of toneHz, noise, silence; found none" },
  {
    config: source({ audio: { silence: true, ms: 1, levelDb: -20 } }),
    is: "events.0.audio.levelDb: silence has no level",
  },
  {
    config: source({ audio: noise }, { atMs: 60, audio: noise }),
    is: "events.1.audio: begins at 60 ms, while events.0 sounds until 100 ms",
  },
  {
    config: source({ audio: { toneHz: 8000, ms: 1 } }),
    is: "events.0.audio: 8000 Hz is not below half of 16000 Hz, the sample rate",
  },
  { config: source({ speech: "end" }), is: "events.0.speech: closes an utterance, but none is open" },
  {
    config: source({ speech: "start" }, { speech: "start" }),
    is: "events.1.speech: opens an utterance, but one is open",
  },
  {
    config: source({ audio: noise }, { atMs: 30, speech: "start" }),
    is: "events.1.speech: stands at 30 ms, inside a frame: wanted a multiple of 20 ms",
  },
  { config: source({ text: "a", startMs: 50, endMs: 20 }), is: "events.0.endMs: 20 is before its start" },
  {
    config: source({ error: "NO_SUCH" }),
    is: "events.0.error: NO_SUCH is no code of the engine; wanted one such as VENDOR_FAILED",
  },
  { config: asr({}), is: "results.0: wanted a text, an error or hang: true" },
  { config: asr({ text: "a", times: 2 }), is: "results.0.times: belongs to error or hang, and neither is there" },
  {
    config: asr({ error: "INTERNAL", times: 2 }),
    is: "results.0.times: after failing that often it answers, and needs a text",
  },
  { config: asr({ error: "INTERNAL", hang: true }), is: "results.0.hang: cannot both fail and hang" },
  { config: asr({ text: "a", fromMs: 5 }), is: "results.0.fromMs: belongs to untilMs, which is not there" },
  {
    config: asr({ text: "a", untilMs: 5 }, { text: "b" }),
    is: "results.1.untilMs: is missing, and other results have it",
  },
  {
    config: asr({ text: "a", untilMs: 5 }, { text: "b", fromMs: 4, untilMs: 9 }),
    is: "results.1.fromMs: 4 is before 5, where the result before it ends",
  },
  {
    config: asr({ text: "a", untilMs: 5 }, { text: "b", untilMs: 5 }),
    is: "results.1.untilMs: 5 is not after 5, where the utterance begins",
  },
  {
    config: { ...asr({ text: "a", untilMs: 5 }), afterLast: "repeat" },
    is: "afterLast: has no meaning where results say when their utterances are",
  },
  { config: { ...asr(), afterLast: "repeat" }, is: "afterLast: nothing to repeat: results is empty" },
  {
    config: { as: "translate", table: { Hello: "a", "hello ": "b" } },
    is: "table.hello : stands there twice, but for capitals or spaces",
  },
])("$is", ({ config, is }) => {
  expect(findings(config)).toEqual([is]);
});

test("an unknown key and an unknown role are findings", () => {
  expect(findings({ as: "translate", tabel: {} })).toEqual([expect.stringContaining("tabel")]);
  expect(findings({ as: "tts" })).toHaveLength(1);
});

test("a recogniser asks for marks unless its results say when they are", () => {
  const requires = (config: object) => script.inputs(script.config.parse(config)).audio?.requires;
  expect(requires(asr({ text: "a" }))).toEqual(["speech"]);
  expect(requires(asr({ text: "a", untilMs: 10 }))).toEqual(["audio"]);
});

test("what all results have is what a consumer may rely on", () => {
  const carries = (...results: object[]) => script.outputs(script.config.parse(asr(...results))).final?.carries;
  expect(carries({ text: "a", words: "auto", confidence: 1 }, { text: "b", words: "auto" })).toEqual(["words"]);
  expect(carries()).toEqual([]);
});
