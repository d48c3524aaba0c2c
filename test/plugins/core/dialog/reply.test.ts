import { expect, test } from "bun:test";
import { driveNode } from "#engine/testing";
import { reply } from "../../../../plugins/core/dialog/reply.ts";
import { textFrame } from "../texts.ts";

const said = (text: string) => textFrame({ text, utterance: "u7", atMs: [0, 1000] });
const TABLE = {
  language: "en",
  answers: [
    { when: "turn the lights (on | off) {state}", say: "The lights are {state}." },
    { when: ["good (morning | evening) {time}", { pattern: "^hi\\b" }], say: "Good {time} to you; you said: {text}" },
    { when: "fire", say: "Leave the house.", protected: true },
  ],
};

async function answers(config: object, texts: readonly string[]) {
  const driven = await driveNode(reply, config, { frames: texts.map(said) });
  return { ...driven, texts: driven.frames().map((frame) => frame.kind === "text" && frame.text) };
}

test("the first phrase that fits is answered, its slots filled in", async () => {
  const { texts, counters } = await answers(TABLE, ["Turn the lights OFF", "good evening", "hi {state}", "nothing"]);
  expect(texts).toEqual([
    "The lights are OFF.",
    "Good evening to you; you said: good evening",
    "Good  to you; you said: hi {state}",
  ]);
  expect(counters).toEqual({ answered: 3, unanswered: 1 });
});

test("an answer is a prompt that belongs to the utterance it answers", async () => {
  const [frame] = (await answers(TABLE, ["fire"])).frames();
  expect(frame).toEqual({
    kind: "text",
    role: "prompt",
    text: "Leave the house.",
    utterance: "u7",
    revision: 1,
    final: true,
    stableChars: 16,
    startSample: 0,
    endSample: 1000,
    sampleRateHz: 1000,
    language: "en",
    madeFrom: { text: "fire", language: "en" },
    protected: true,
  });
});

test("what fits nothing gets the answer of otherwise", async () => {
  const { texts } = await answers({ ...TABLE, otherwise: { say: "I did not get {text}." } }, ["blah"]);
  expect(texts).toEqual(["I did not get blah."]);
});

test("of several answers one is taken at random, the same in each run", async () => {
  const config = { answers: [{ say: ["a", "b", "c"] }] };
  const many = Array.from({ length: 30 }, () => "x");
  const { texts } = await answers(config, many);
  expect([...new Set(texts)].sort()).toEqual(["a", "b", "c"]);
  expect((await answers(config, many)).texts).toEqual(texts);
});

test.each([
  ["a slot that no phrase gives", { answers: [{ when: "a {b}", say: "{c}" }] }, "no phrase gives a slot {c}"],
  ["a phrase with a mistake", { answers: [{ when: "(a", say: "b" }] }, "where ) was wanted"],
  ["a grammar with a mistake", { grammar: "x", answers: [{ say: "b" }] }, "a <rule> was wanted"],
  [
    "a slot in otherwise",
    { answers: [{ when: "a {b}", say: "b" }], otherwise: { say: "{b}" } },
    "no phrase gives a slot {b}",
  ],
])("%s is found before the run", (_, config, message) => {
  const parsed = reply.config.safeParse(config);
  expect(parsed.error?.issues.map((issue) => issue.message).join()).toContain(message);
});
