import { expect, test } from "bun:test";
import { driveNode } from "#engine/testing";
import { text } from "../../../../plugins/core/dialog/text.ts";
import { textFrame } from "../texts.ts";

async function changed(config: object, said: string) {
  const driven = await driveNode(text, config, { frames: [textFrame({ text: said, atMs: [0, 1000] })] });
  return driven.frames().map((frame) => frame.kind === "text" && frame.text)[0];
}

test.each([
  [[{ words: "new york", with: "NYC" }], "New York, New-York and new yorkers", "NYC, NYC and new yorkers"],
  [
    [
      { words: "a", with: "b" },
      { words: "b", with: "c" },
    ],
    "a b",
    "c c",
  ],
  [[{ words: "café", with: "" }], "the Café is", "the  is"],
  [[{ pattern: "(\\d+) euros?", with: "€$1" }], "it is 20 Euros", "it is €20"],
  [[{ words: "灯", with: "lamp" }], "打开灯", "打开lamp"],
])("%j makes of %s: %s", async (replace, said, wanted) => {
  expect(await changed({ replace }, said)).toBe(wanted);
});

test.each([
  ["write to jo.doe+x@mail.example.org today", "write to [email] today"],
  ["see https://example.org/a?b=c now", "see [url] now"],
  ["my card is 4111 1111 1111 1111.", "my card is [card]."],
  ["pay DE89 3704 0044 0532 0130 00 please", "pay [iban] please"],
  ["call +49 (30) 123-456 78 now", "call [phone] now"],
  ["order 123 456 789 012 345 678 901", "order [number]"],
  ["room 12, in 2026 or at 9.30", "room 12, in [number] or at 9.30"],
])("of %s is left: %s", async (said, wanted) => {
  const redact = ["email", "url", "card", "iban", "phone", "number"];
  expect(await changed({ redact }, said)).toBe(wanted);
});

test("a number that fails the check of its kind is none", async () => {
  expect(await changed({ redact: ["card", "iban"] }, "4111 1111 1111 1112 DE00 3704 0044 0532 0130 00")).toBe(
    "4111 1111 1111 1112 DE00 3704 0044 0532 0130 00",
  );
});

test("the mark is as the settings say", async () => {
  expect(await changed({ redact: ["email"], mark: "<{kind}>" }, "a@b.example")).toBe("<email>");
});

test("what else holds the words is changed or left out, and what needs no change is the same frame", async () => {
  const secret = textFrame({
    text: "it is a@b.example",
    atMs: [0, 9],
    words: [
      ["it", 0, 1],
      ["is", 1, 2],
      ["a@b.example", 2, 9],
    ],
    madeFrom: { text: "es a@b.example" },
  });
  const plain = textFrame({ text: "nothing", atMs: [0, 9] });
  const { frames, counters } = await driveNode(text, { redact: ["email"] }, { frames: [secret, plain] });
  expect(JSON.stringify(frames())).not.toContain("a@b.example");
  expect(frames()[0]).toMatchObject({ text: "it is [email]", stableChars: 13, madeFrom: { text: "es [email]" } });
  expect(frames()[1]).toBe(plain);
  expect(counters).toEqual({ changed: 1 });
});

test("partials come only where asked for", async () => {
  const partial = textFrame({ text: "a b", final: false, stableChars: 3, atMs: [0, 9] });
  const replace = [{ words: "b", with: "c" }];
  const of = async (config: object) => (await driveNode(text, { replace, ...config }, { frames: [partial] })).frames();
  expect(await of({})).toEqual([]);
  expect(await of({ partials: true })).toMatchObject([{ text: "a c", final: false, stableChars: 0 }]);
});

test.each([
  ["neither words nor a pattern", { with: "x" }, "either words or a pattern was wanted"],
  ["both", { words: "a", pattern: "a", with: "x" }, "either words or a pattern was wanted"],
  ["words that nobody can say", { words: "...", with: "x" }, "nothing that can be said"],
  ["a pattern with a mistake", { pattern: "[", with: "x" }, "no pattern of RE2"],
])("%s is found before the run", (_, replace, message) => {
  const parsed = text.config.safeParse({ replace: [replace] });
  expect(parsed.error?.issues.map((issue) => issue.message).join()).toContain(message);
});

test("who speaks is put into every text", async () => {
  const { frames } = await driveNode(
    text,
    { speaker: "agent", channel: 1 },
    { frames: [textFrame({ text: "a", atMs: [0, 9] })] },
  );
  expect(frames()).toMatchObject([{ text: "a", speaker: "agent", channel: 1 }]);
});
