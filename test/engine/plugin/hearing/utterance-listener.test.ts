import { expect, test } from "bun:test";
import { z } from "zod";
import {
  type AudioFrame,
  defineNode,
  EngineError,
  type Frame,
  type SpeechMark,
  type UtteranceEngine,
  UtteranceListener,
  type UtteranceListenerSettings,
} from "#engine/plugin";
import { driveNode } from "#engine/testing";
import { rejectionOf } from "#test/rejection";

/** An engine that reads what a test says it reads: the text after each step, then the words of the utterance. */
function engineOf(texts: readonly string[], final: string): UtteranceEngine & { asked: string[] } {
  const asked: string[] = [];
  return {
    asked,
    async feed(pcm) {
      asked.push(`feed ${pcm.length}`);
      return texts[asked.length - 1] ?? texts.at(-1) ?? "";
    },
    async end(rest, heardSamples) {
      asked.push(`end ${rest.length} of ${heardSamples}`);
      const words = final.split(" ").filter(Boolean);
      return { text: final, words: words.map((text, i) => ({ text, startSample: i * 160, endSample: (i + 1) * 160 })) };
    },
    async close() {
      asked.push("close");
    },
  };
}

const SETTINGS: UtteranceListenerSettings = { sampleRateHz: 16_000, stepMs: 100, maxUtteranceMs: 1000 };

function hear(engine: UtteranceEngine, frames: readonly Frame[], settings: Partial<UtteranceListenerSettings> = {}) {
  const node = defineNode({
    type: "test.listener",
    summary: "A listener with an engine of the test's own.",
    role: "asr",
    shape: "task",
    inputs: { audio: { kinds: ["audio", "speech"] } },
    outputs: { final: { kinds: ["text"], default: true }, partial: { kinds: ["text"] } },
    config: z.object({}),
    create: (_config, ctx) => new UtteranceListener({ ...SETTINGS, ...settings }, ctx, engine),
  });
  return driveNode(node, {}, { frames });
}

const audio = (startSample: number, samples: number): AudioFrame => ({
  kind: "audio",
  pcm: new Int16Array(samples),
  sampleRateHz: 16_000,
  channels: 1,
  startSample,
});

const mark = (kind: "start" | "end", utterance: string, atSample: number): SpeechMark => ({
  kind: "speech",
  mark: kind,
  utterance,
  atSample,
  sampleRateHz: 16_000,
});

const read = (frames: readonly Frame[]) => frames.map((frame) => frame.kind === "text" && frame.text);

test("asks step by step, with the rest in the closing request", async () => {
  const engine = engineOf(["a", "a b"], "a b");
  await hear(engine, [audio(0, 4000)]);
  expect(engine.asked).toEqual(["feed 1600", "feed 1600", "end 800 of 4000", "close"]);
});

test("words that were shown and then not found are taken back", async () => {
  const driven = await hear(engineOf(["go", "go for"], ""), [
    mark("start", "u", 0),
    audio(0, 3200),
    mark("end", "u", 3200),
  ]);
  expect(read(driven.frames("partial"))).toEqual(["go", "go for", ""]);
  expect(driven.frames("final")).toEqual([]);
  expect(driven.counters).toEqual({ emptyUtterances: 1 });
});

test("words that were never shown are not taken back", async () => {
  const driven = await hear(engineOf([""], ""), [audio(0, 3200)]);
  expect(driven.emitted).toEqual([]);
});

test("a cut falls on its sample inside a frame, and the rest begins where it was", async () => {
  const engine = engineOf(["a"], "a");
  const driven = await hear(engine, [audio(500, 20_000)]);
  const places = driven.frames("final").map((frame) => frame.kind === "text" && [frame.startSample, frame.endSample]);
  expect(places).toEqual([
    [500, 16_500],
    [16_500, 20_500],
  ]);
  expect(driven.counters).toEqual({ cutUtterances: 1 });
  expect(driven.usage).toEqual({ audioSeconds: 1.25 });
});

test("an engine that fails fails the node, which closes it", async () => {
  const engine = engineOf([], "");
  const failing: UtteranceEngine = {
    ...engine,
    feed: () => Promise.reject(new EngineError("ENGINE_FAILED", "its thread ended")),
  };
  expect(await rejectionOf(hear(failing, [audio(0, 1600)]))).toHaveProperty(
    "message",
    expect.stringContaining("its thread ended"),
  );
  expect(engine.asked).toEqual(["close"]);
});

test("without steps each utterance is heard as a whole, and without a time no word has one", async () => {
  const engine = engineOf(["never"], "a b");
  const whole: UtteranceEngine = { ...engine, end: async (...heard) => ({ text: (await engine.end(...heard)).text }) };
  const frames = [mark("start", "u", 0), audio(0, 4000), mark("end", "u", 4000)];
  const driven = await hear(whole, frames, { stepMs: undefined, language: "nl" });
  expect(engine.asked).toEqual(["end 4000 of 4000", "close"]);
  const [final, ...more] = driven.emitted.map(({ frame }) => frame);
  expect(more).toEqual([]);
  expect(final).toMatchObject({ text: "a b", final: true, language: "nl", startSample: 0, endSample: 4000 });
  expect(final).not.toHaveProperty("words");
});

test("of an utterance without audio the engine is not asked", async () => {
  const engine = engineOf([], "a");
  const driven = await hear(engine, [mark("start", "u", 0), mark("end", "u", 0)]);
  expect(engine.asked).toEqual(["close"]);
  expect(driven.events).toEqual([{ type: "emptyUtterance", utterance: "u" }]);
});

test("what is stable is asked for each utterance anew", async () => {
  const engine = engineOf(["a"], "a");
  let made = 0;
  const stable = () => {
    made++;
    return (text: string) => text.length;
  };
  const frames = [audio(0, 1600), mark("end", "u", 1600), audio(3200, 1600)];
  const driven = await hear(engine, frames, { stable });
  expect(driven.frames("partial").map((frame) => frame.kind === "text" && frame.stableChars)).toEqual([1, 1]);
  expect(made).toBe(2);
});
