import { expect, test } from "bun:test";
import type { Frame } from "#engine/plugin";
import { driveNode } from "#engine/testing";
import { transcript } from "../../../plugins/core/transcript.ts";
import { textFrame, textOf } from "./texts.ts";

async function write(config: Record<string, unknown>, frames: readonly Frame[]): Promise<string> {
  const settings = { path: "out.jsonl", ...config };
  const { artifacts } = await driveNode(transcript, settings, { frames });
  return textOf(artifacts, settings.path);
}

/** `id role final revision` of each line. */
const lines = async (config: Record<string, unknown>, frames: readonly Frame[]) =>
  (await write(config, frames))
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line))
    .map(({ id, role, final, revision }) => `${id} ${role} ${final ? "final" : "partial"} ${revision}`);

const one = textFrame({ text: "hello there", utterance: "u9", atMs: [1000, 2500], speaker: "Ann" });
const uno = textFrame({ text: "hallo", utterance: "u9", role: "translation", language: "de", atMs: [1000, 2500] });
const two = textFrame({ text: "and\nlater", utterance: "u2", atMs: [3_661_000, 3_662_000] });
const partial = { ...one, text: "hello", final: false };
const better = { ...one, text: "hello where", revision: 2 };

test("an object says all that a frame says, in milliseconds", async () => {
  const frame = textFrame({
    text: "hi",
    atMs: [0, 0],
    channel: 1,
    confidence: 0.5,
    madeFrom: { text: "hola", language: "es" },
    vendor: { id: "x", at: 2n ** 60n },
  });
  const at16k = {
    ...frame,
    startSample: 1600,
    endSample: 3201,
    sampleRateHz: 16_000,
    words: [{ text: "hi", startSample: 1601, endSample: 3200, confidence: 0.25 }],
  };
  expect(JSON.parse(await write({}, [at16k]))).toEqual({
    id: "u1",
    role: "transcript",
    language: "en",
    final: true,
    revision: 1,
    startMs: 100,
    endMs: 200.063,
    text: "hi",
    channel: 1,
    confidence: 0.5,
    words: [{ text: "hi", startMs: 100.063, endMs: 200, confidence: 0.25 }],
    madeFrom: { text: "hola", language: "es" },
    vendor: { id: "x", at: "1152921504606846976" },
  });
});

test("lines are in the order of time, a translation after its transcript, whatever came first", async () => {
  const sorted = ["u9 transcript final 1", "u9 translation final 1", "u2 transcript final 1"];
  expect(await lines({}, [two, uno, one])).toEqual(sorted);
  expect(await lines({}, [one, two, uno])).toEqual(sorted);
});

test.each([
  { name: "a final is replaced by its revision", config: {}, frames: [one, better], is: ["u9 transcript final 2"] },
  {
    name: "an older revision that comes late is not",
    config: {},
    frames: [better, one],
    is: ["u9 transcript final 2"],
  },
  { name: "partials are left out", config: {}, frames: [partial, one], is: ["u9 transcript final 1"] },
  {
    name: "partials are kept when asked for",
    config: { partials: true },
    frames: [partial, better],
    is: ["u9 transcript partial 1", "u9 transcript final 2"],
  },
  {
    name: "live, each text is written as it comes",
    config: { live: true },
    frames: [two, one, better],
    is: ["u2 transcript final 1", "u9 transcript final 1", "u9 transcript final 2"],
  },
])("$name", async ({ config, frames, is }) => {
  expect(await lines(config, frames)).toEqual([...is]);
});

test("the text format is for reading", async () => {
  expect(await write({ path: "out.txt" }, [two, uno, one])).toBe(
    "[00:00:01] Ann: hello there\n  de: hallo\n[01:01:01] and later\n",
  );
  expect(await write({ path: "out.txt", times: false }, [two])).toBe("and later\n");
});

test("a run without texts leaves an empty file", async () => {
  expect(await write({}, [])).toBe("");
});

test.each([
  { with: { path: "out.srt" }, message: "ends in none of" },
  { with: { path: "out.txt", live: true }, message: "needs jsonl" },
  { with: { path: "out.jsonl", format: "text", partials: true }, message: "needs jsonl" },
])("a config is refused: $with.path $message", ({ with: given, message }) => {
  const problems = transcript.config.safeParse(given).error?.issues.map((issue) => issue.message) ?? [];
  expect(problems.join("\n")).toContain(message);
});
