import { expect, test } from "bun:test";
import { z } from "zod";
import { type AudioFrame, defineNode, EngineError, type Frame, type SpeechMark } from "#engine/plugin";
import { driveNode } from "#engine/testing";
import { Listener, type StreamDecoder } from "../../../plugins/pocketsphinx/listener.ts";

/** A decoder that reads what a test says it reads: the text after each step, then the words of the utterance. */
function decoderOf(texts: readonly string[], final: string): StreamDecoder & { asked: string[] } {
  const asked: string[] = [];
  return {
    asked,
    async feed(pcm) {
      asked.push(`feed ${pcm.length}`);
      return texts[asked.length - 1] ?? texts.at(-1) ?? "";
    },
    async end(pcm = new Int16Array(0)) {
      asked.push(`end ${pcm.length}`);
      return final
        .split(" ")
        .filter(Boolean)
        .map((text, i) => ({ text, startSample: i * 160, endSample: (i + 1) * 160 }));
    },
    async close() {
      asked.push("close");
    },
  };
}

function hear(decoder: StreamDecoder, frames: readonly Frame[]) {
  const node = defineNode({
    type: "test.listener",
    summary: "A listener with a decoder of the test's own.",
    role: "asr",
    shape: "task",
    inputs: { audio: { kinds: ["audio", "speech"] } },
    outputs: { final: { kinds: ["text"], default: true }, partial: { kinds: ["text"] } },
    config: z.object({}),
    create: (_config, ctx) => new Listener({ stepMs: 100, maxUtteranceMs: 1000, finalsFollow: true }, ctx, decoder),
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
  const decoder = decoderOf(["a", "a b"], "a b");
  await hear(decoder, [audio(0, 4000)]);
  expect(decoder.asked).toEqual(["feed 1600", "feed 1600", "end 800", "close"]);
});

test("words that were shown and then not found are taken back", async () => {
  const driven = await hear(decoderOf(["go", "go for"], ""), [
    mark("start", "u", 0),
    audio(0, 3200),
    mark("end", "u", 3200),
  ]);
  expect(read(driven.frames("partial"))).toEqual(["go", "go for", ""]);
  expect(driven.frames("final")).toEqual([]);
  expect(driven.counters).toEqual({ emptyUtterances: 1 });
});

test("words that were never shown are not taken back", async () => {
  const driven = await hear(decoderOf([""], ""), [audio(0, 3200)]);
  expect(driven.emitted).toEqual([]);
});

test("a cut falls on its sample inside a frame, and the rest begins where it was", async () => {
  const decoder = decoderOf(["a"], "a");
  const driven = await hear(decoder, [audio(500, 20_000)]);
  const places = driven.frames("final").map((frame) => frame.kind === "text" && [frame.startSample, frame.endSample]);
  expect(places).toEqual([
    [500, 16_500],
    [16_500, 20_500],
  ]);
  expect(driven.counters).toEqual({ cutUtterances: 1 });
  expect(driven.usage).toEqual({ audioSeconds: 1.25 });
});

test("a decoder that fails fails the node, which closes it", async () => {
  const decoder = decoderOf([], "");
  const failing: StreamDecoder = {
    ...decoder,
    feed: () => Promise.reject(new EngineError("ENGINE_FAILED", "pocketsphinx: its thread ended")),
  };
  await expect(hear(failing, [audio(0, 1600)])).rejects.toThrow("its thread ended");
  expect(decoder.asked).toEqual(["close"]);
});
