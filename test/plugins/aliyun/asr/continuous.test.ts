import { describe, expect, test } from "bun:test";
import type { NodeDefinition } from "#engine/plugin";
import { ReadInput } from "#engine/testing";
import { covers } from "#test/covers";
import { hears } from "#test/service-workflows";
import { silentFrames } from "#test/signals";
import { textsOf } from "#test/texts";
import { asr } from "../../../../plugins/aliyun/asr.ts";
import { ACCESS, served } from "../service.ts";
import { continuous, sentBy } from "./driven.ts";

describe("a continuous stream", () => {
  test("sentences become utterances, with times, words and what the service says of them", async () => {
    covers("A5");
    const { frames, events } = await served(asr, {
      workflow: hears("one two", "three"),
      frames: silentFrames(2000),
      config: { ...continuous, language: "en-US", words: true },
    });
    const [first, second] = textsOf(frames("final"));
    expect(first).toMatchObject({
      text: "one two",
      startSample: 0,
      endSample: 16_000,
      language: "en-US",
      confidence: 0.9,
      words: [
        { text: "one", startSample: 0, endSample: 8000 },
        { text: "two", startSample: 8000, endSample: 16_000 },
      ],
      vendor: { index: 1 },
    });
    expect(second).toMatchObject({ text: "three", startSample: 16_000, endSample: 32_000, vendor: { index: 2 } });
    expect(events.filter(({ type }) => type === "sentenceBegin").map(({ index }) => index)).toEqual([1, 2]);
  });

  test("live settings change in the midst of the task", async () => {
    covers("A5");
    const config = { ...continuous, maxSentenceSilenceMs: 800 };
    const updating: NodeDefinition = {
      ...asr,
      async create(settings, ctx) {
        const node = await asr.create(settings, ctx);
        if (!("run" in node)) throw new Error("no task");
        return {
          ...node,
          run: (input, emit, signal) => {
            let frames = 0;
            const next = async () => {
              await ctx.clock.sleep(20);
              if (++frames === 60)
                node.onUpdate?.(
                  asr.config.parse({ ...ACCESS, ...config, maxSentenceSilenceMs: 400, extra: { enable_x: 1 } }),
                );
              return input.next();
            };
            return node.run(new ReadInput(next), emit, signal);
          },
        };
      },
    };
    const options = { workflow: hears("one", "two"), frames: silentFrames(2000), config, tracing: true };
    const heard = await served(updating, options);
    const sent = sentBy(heard).map(({ header, payload }) => ({ name: header.name, payload }));
    expect(sent.map(({ name }) => name)).toEqual(["StartTranscription", "ControlTranscriber", "StopTranscription"]);
    expect(sent[1]?.payload).toEqual({ max_sentence_silence: 400, enable_x: 1 });
    expect(textsOf(heard.frames("final"))).toHaveLength(2);
  });

  test.each([
    { what: "twice", fault: { duplicate: true } },
    { what: "each behind the one after it", fault: { reorder: true } },
    { what: "late", fault: { delay: 700 } },
  ] as const)("results that come $what give each sentence once", async ({ fault }) => {
    const { frames } = await served(asr, {
      workflow: hears("one two", "three", "four five"),
      frames: silentFrames(3000),
      config: continuous,
      faults: [{ on: "messages", from: 2, count: 9, do: fault }],
    });
    const finals = textsOf(frames("final"));
    expect(finals.map(({ text }) => text).sort()).toEqual(["four five", "one two", "three"]);
    expect(new Set(finals.map(({ utterance }) => utterance)).size).toBe(3);
  });
});
