import { expect, test } from "bun:test";
import type { Frame, TextFrame } from "#engine/plugin";
import { VirtualClock } from "#engine/runtime";
import { driveNode } from "#engine/testing";
import { rejectionOf } from "#test/rejection";
import { script } from "../../../../plugins/core/script.ts";
import { textFrame } from "../texts.ts";

async function translate(config: object, frames: readonly Frame[], clock = new VirtualClock()): Promise<TextFrame[]> {
  const driven = await driveNode(script, { as: "translate", ...config }, { frames, clock });
  return driven.frames("text").filter((frame) => frame.kind === "text");
}

const hello = textFrame({ text: "Hello ", atMs: [100, 900], utterance: "u7", revision: 3, speaker: "Ann", channel: 1 });
const other = textFrame({ text: "other", atMs: [1000, 2000], utterance: "u8" });
const table = { hello: "hola" };

test("a translation stands where its source stands and says what it was made from", async () => {
  expect(await translate({ table, language: "es" }, [hello])).toEqual([
    {
      kind: "text",
      role: "translation",
      text: "hola",
      utterance: "u7",
      revision: 3,
      final: true,
      stableChars: 4,
      startSample: 100,
      endSample: 900,
      sampleRateHz: 1000,
      language: "es",
      speaker: "Ann",
      channel: 1,
      madeFrom: { text: "Hello ", language: "en" },
    },
  ]);
});

test.each([
  { otherwise: undefined, is: "other" },
  { otherwise: "echo", is: "other" },
  { otherwise: "upper", is: "OTHER" },
])("a text that is not in the table: $otherwise", async ({ otherwise, is }) => {
  const [frame] = await translate({ table, ...(otherwise ? { otherwise } : {}) }, [other]);
  expect(frame?.text).toBe(is);
});

test("a text that is not in the table can be an error, which does not repeat the text", async () => {
  expect(await rejectionOf(translate({ table, otherwise: "error" }, [other]))).toMatchObject({
    code: "SCRIPT_INVALID",
    message: "the text of utterance u8 is not in the table, and otherwise: error",
  });
});

test("partials are translated when asked for, and nothing of them is stable", async () => {
  const partial: Frame = { ...hello, final: false };
  expect(await translate({ table }, [partial])).toEqual([]);
  expect(await translate({ table, partials: true }, [partial])).toMatchObject([
    { text: "hola", final: false, stableChars: 0 },
  ]);
});

test("each answer takes its time, one after the other", async () => {
  const clock = new VirtualClock();
  const slow = { hello: { text: "hola", delayMs: 700 } };
  const frames = await translate({ table: slow, delayMs: 100 }, [hello, other], clock);
  expect(frames.map(({ text }) => text)).toEqual(["hola", "other"]);
  expect(clock.nowMs()).toBe(800);
});

test("an entry fails with its code", async () => {
  const failing = translate({ table: { hello: { error: "VENDOR_KEY_REFUSED" } } }, [hello]);
  expect(await rejectionOf(failing)).toMatchObject({ code: "VENDOR_KEY_REFUSED" });
});
