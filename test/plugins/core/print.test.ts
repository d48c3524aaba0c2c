import { expect, test } from "bun:test";
import type { Frame, SpeechMark } from "#engine/plugin";
import { driveNode } from "#engine/testing";
import { print } from "../../../plugins/core/print.ts";
import { textFrame } from "./texts.ts";

const printed = async (config: Record<string, unknown>, frames: readonly Frame[]) =>
  (await driveNode(print, config, { frames })).events;

const final = textFrame({ text: "hello there", atMs: [1000, 2500], words: [["hello", 1000, 1500]] });
const partial: Frame = { ...final, text: "hello", final: false, stableChars: 3 };
const mark: SpeechMark = { kind: "speech", mark: "start", utterance: "u1", atSample: 1600, sampleRateHz: 16_000 };

test("a text is printed with the facts that people and programs follow it by", async () => {
  expect(await printed({ label: "asr" }, [partial])).toEqual([
    {
      type: "print",
      label: "asr",
      what: "text",
      utterance: "u1",
      role: "transcript",
      language: "en",
      final: false,
      revision: 1,
      stableChars: 3,
      startMs: 1000,
      endMs: 2500,
      text: "hello",
    },
  ]);
});

test.each([
  { name: "partials and finals", config: {}, frames: [partial, final], texts: ["hello", "hello there"] },
  { name: "finals alone", config: { partials: false }, frames: [partial, final], texts: ["hello there"] },
])("it prints $name", async ({ config, frames, texts }) => {
  expect((await printed(config, frames)).map((event) => event.text)).toEqual([...texts]);
});

test("speech marks are printed when asked for", async () => {
  expect(await printed({}, [mark])).toEqual([]);
  expect(await printed({ marks: true }, [mark])).toEqual([
    { type: "print", what: "speech", mark: "start", utterance: "u1", atMs: 100 },
  ]);
});

test.each([
  { name: "plain values", value: { volume: [1, 2] }, as: { volume: [1, 2] } },
  { name: "bytes by their count", value: { pcm: new Int16Array(3) }, as: { pcm: { bytes: 6 } } },
  { name: "large integers as strings", value: 2n ** 60n, as: "1152921504606846976" },
  { name: "nothing as null", value: undefined, as: null },
])("data is printed as JSON can hold it: $name", async ({ value, as }) => {
  const data: Frame = { kind: "data", topic: "test.volume", value, atSample: 8, sampleRateHz: 8000 };
  expect(await printed({}, [data])).toEqual([
    { type: "print", what: "data", topic: "test.volume", atMs: 1, value: as },
  ]);
});
