import { expect, test } from "bun:test";
import { type AudioFrame, EngineError, type Frame, type SpeechMark, type TextFrame } from "#engine/plugin";
import { VirtualClock } from "#engine/runtime";
import { type DriveOptions, driveNode } from "#engine/testing";
import { rejectionOf } from "#test/rejection";
import { script } from "../../../../plugins/core/script.ts";

const SAMPLE_RATE_HZ = 8000;
const at = (ms: number) => (ms * SAMPLE_RATE_HZ) / 1000;

const mark = (which: SpeechMark["mark"], utterance: string, ms: number): SpeechMark => ({
  kind: "speech",
  mark: which,
  utterance,
  atSample: at(ms),
  sampleRateHz: SAMPLE_RATE_HZ,
});

const audio = (fromMs: number, toMs: number): AudioFrame[] =>
  Array.from({ length: (toMs - fromMs) / 20 }, (_, i) => ({
    kind: "audio",
    pcm: new Int16Array(at(20)),
    sampleRateHz: SAMPLE_RATE_HZ,
    channels: 1,
    startSample: at(fromMs + i * 20),
  }));

const utterance = (id: string, fromMs: number, toMs: number): Frame[] => [
  mark("start", id, fromMs),
  ...audio(fromMs, toMs),
  mark("end", id, toMs),
];

async function texts(config: object, frames: readonly Frame[], options: DriveOptions = {}): Promise<TextFrame[]> {
  const { frames: emitted } = await driveNode(script, { as: "asr", ...config }, { frames, ...options });
  return emitted().filter((frame) => frame.kind === "text");
}

const said = async (config: object, frames: readonly Frame[]) =>
  (await texts(config, frames)).map((frame) => frame.text);

test("an utterance is answered with a final that stands where it stood", async () => {
  const config = {
    language: "en",
    results: [{ text: "hello big world", words: "auto", confidence: 0.75, speaker: "Ann" }],
  };
  expect(await texts(config, utterance("u1", 100, 400))).toEqual([
    {
      kind: "text",
      role: "transcript",
      text: "hello big world",
      utterance: "u1",
      revision: 1,
      final: true,
      stableChars: 15,
      startSample: at(100),
      endSample: at(400),
      sampleRateHz: SAMPLE_RATE_HZ,
      language: "en",
      words: [
        { text: "hello", startSample: at(100), endSample: at(200) },
        { text: "big", startSample: at(200), endSample: at(300) },
        { text: "world", startSample: at(300), endSample: at(400) },
      ],
      confidence: 0.75,
      speaker: "Ann",
    },
  ]);
});

test("partials grow with the audio, and the final closes them", async () => {
  const config = { partialEveryMs: 100, results: [{ text: "one two three four", partials: "auto" }] };
  const frames = await texts(config, utterance("u1", 0, 260));
  expect(
    frames.map(({ text, final, revision, stableChars, endSample }) => [text, final, revision, stableChars, endSample]),
  ).toEqual([
    ["one", false, 1, 3, at(100)],
    ["one two", false, 2, 7, at(200)],
    ["one two three four", true, 3, 18, at(260)],
  ]);
});

test("partials that are listed all come, stable as far as nothing later changes them", async () => {
  const config = {
    partialEveryMs: 100,
    results: [{ text: "hello where", partials: ["hell", "hello there", "hello the"] }],
  };
  const frames = await texts(config, utterance("u1", 0, 120));
  expect(frames.map(({ text, final, stableChars }) => [text, final, stableChars])).toEqual([
    ["hell", false, 4],
    ["hello there", false, 6],
    ["hello the", false, 6],
    ["hello where", true, 11],
  ]);
});

test("partials and finals have their own ports, the final's being the default", async () => {
  const config = { as: "asr", partialEveryMs: 100, results: [{ text: "a b", partials: "auto" }] };
  const { emitted } = await driveNode(script, config, { frames: utterance("u1", 0, 100) });
  expect(emitted.map(({ port }) => port)).toEqual(["partial", "final"]);
  expect(script.outputs(script.config.parse(config)).final?.default).toBe(true);
});

const three = [...utterance("u1", 0, 100), ...utterance("u2", 200, 300), ...utterance("u3", 400, 500)];

test.each([
  { afterLast: undefined, is: ["a", "b"] },
  { afterLast: "empty", is: ["a", "b"] },
  { afterLast: "repeat", is: ["a", "b", "a"] },
])("after the last result: $afterLast", async ({ afterLast, is }) => {
  expect(await said({ results: [{ text: "a" }, { text: "b" }], ...(afterLast ? { afterLast } : {}) }, three)).toEqual([
    ...is,
  ]);
});

test("after the last result an error, where the script says so", async () => {
  const answer = said({ results: [{ text: "a" }, { text: "b" }], afterLast: "error" }, three);
  expect(await rejectionOf(answer)).toMatchObject({
    code: "SCRIPT_INVALID",
    message: expect.stringContaining("utterance 3 came"),
  });
});

test("where no words are found there is no final, and a partial that was shown is taken back", async () => {
  const config = { as: "asr", results: [{ text: "", partials: ["mm"] }, { text: "" }, { text: "c" }] };
  const { emitted, events, counters } = await driveNode(script, config, { frames: three });
  expect(emitted.map(({ port, frame }) => [port, frame.kind === "text" && [frame.text, frame.revision]])).toEqual([
    ["partial", ["mm", 1]],
    ["partial", ["", 2]],
    ["final", ["c", 1]],
  ]);
  expect(events).toEqual([
    { type: "emptyUtterance", utterance: "u1" },
    { type: "emptyUtterance", utterance: "u2" },
  ]);
  expect(counters.emptyUtterances).toBe(2);
});

test("an utterance that the end of the input leaves open is answered", async () => {
  const frames = await texts({ results: [{ text: "cut off" }] }, [mark("start", "u1", 0), ...audio(0, 60)]);
  expect(frames.map(({ text, endSample }) => [text, endSample])).toEqual([["cut off", at(60)]]);
});

test("audio outside utterances is not heard", async () => {
  expect(await said({ results: [{ text: "a" }] }, audio(0, 1000))).toEqual([]);
});

test("audio without marks is cut where the results say", async () => {
  const results = [
    { text: "a b", untilMs: 100, partials: "auto" },
    { text: "c", fromMs: 150, untilMs: 250 },
    { text: "d", untilMs: 400 },
    { text: "never", untilMs: 900 },
  ];
  const frames = await texts({ results, partialEveryMs: 50 }, audio(0, 300));
  expect(frames.map(({ text, utterance: id, startSample, endSample }) => [text, id, startSample, endSample])).toEqual([
    ["a", "node-1", at(0), at(60)],
    ["a b", "node-1", at(0), at(100)],
    ["a b", "node-1", at(0), at(100)],
    ["c", "node-2", at(150), at(250)],
    ["d", "node-3", at(250), at(300)],
  ]);
});

test("it takes no more audio while it owes an answer, or hears on and answers in order", async () => {
  const results = [
    { text: "slow", delayMs: 1000 },
    { text: "quick", delayMs: 200 },
  ];
  const lasting = async (blocking?: boolean) => {
    const clock = new VirtualClock();
    expect(
      await texts({ results, ...(blocking === undefined ? {} : { blocking }) }, three.slice(0, -7), { clock }),
    ).toMatchObject([{ text: "slow" }, { text: "quick" }]);
    return clock.nowMs();
  };
  expect(await lasting(false)).toBe(1000);
  expect(await lasting()).toBe(1200);
});

test("a scripted failure has its code, and no later answer follows it", async () => {
  const answer = said({ results: [{ error: "VENDOR_RATE_LIMITED", delayMs: 50 }, { text: "b" }] }, three);
  expect(await rejectionOf(answer)).toMatchObject({
    code: "VENDOR_RATE_LIMITED",
    message: "results.0 fails as its script says",
  });
});

test("a hanging answer ends with the run alone", async () => {
  const clock = new VirtualClock();
  const stop = new AbortController();
  clock.after(5000, () => stop.abort(new EngineError("RUN_CANCELLED", "the test ends it")));
  const answer = texts({ results: [{ hang: true }] }, three, { clock, signal: stop.signal });
  expect(await rejectionOf(answer)).toMatchObject({ code: "RUN_CANCELLED" });
  expect(clock.nowMs()).toBe(5000);
});

test("a node that is made anew in the same run goes on where its script stood, and hears again what had no final", async () => {
  const results = [{ text: "a" }, { text: "" }, { text: "c", error: "VENDOR_FAILED", times: 1 }, { text: "d" }];
  const config = { as: "asr", results };
  const parsed = script.config.parse(config);
  const sameConfig = { ...script, config: Object.create(script.config, { parse: { value: () => parsed } }) };
  const attempt = async (frames: readonly Frame[], clock: VirtualClock) => {
    const driven = await driveNode(sameConfig, config, { frames, clock });
    return driven.frames().map((frame) => frame.kind === "text" && frame.text);
  };
  const run = new VirtualClock();
  expect(await rejectionOf(attempt(three, run))).toMatchObject({ code: "VENDOR_FAILED" });
  const afterTheLastFinal = three.slice(
    three.findIndex((frame) => frame.kind === "speech" && frame.mark === "end") + 1,
  );
  expect(await attempt([...afterTheLastFinal, ...utterance("u4", 600, 700)], run)).toEqual(["c", "d"]);
  // Played to its end, it is forgotten: another run of the same plan begins at the beginning.
  expect(await attempt(utterance("u9", 0, 100), run)).toEqual(["a"]);
  // A run of the same plan on a clock of its own has nothing to do with it.
  expect(await rejectionOf(attempt(three, run))).toMatchObject({ code: "VENDOR_FAILED" });
  expect(await attempt(utterance("u9", 0, 100), new VirtualClock())).toEqual(["a"]);
});
