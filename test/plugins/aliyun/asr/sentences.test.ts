import { describe, expect, test } from "bun:test";
import { covers } from "#test/covers";
import { hears } from "#test/service-workflows";
import { silentFrames } from "#test/signals";
import { textsOf } from "#test/texts";
import { utterances } from "#test/utterances";
import { asr } from "../../../../plugins/aliyun/asr.ts";
import { ACCESS, served } from "../service.ts";
import { whole } from "./driven.ts";

describe("sentence by sentence", () => {
  test("each utterance is a task of its own and keeps its name and place", async () => {
    covers("A1", "A3");
    const { frames, events, usage } = await served(asr, { workflow: hears("go forward"), frames: utterances(2) });
    const finals = textsOf(frames("final"));
    expect(
      finals.map(({ utterance, text, startSample, endSample }) => ({ utterance, text, startSample, endSample })),
    ).toEqual([
      { utterance: "u1", text: "go forward", startSample: 0, endSample: 16_000 },
      { utterance: "u2", text: "go forward", startSample: 32_000, endSample: 48_000 },
    ]);
    expect(textsOf(frames("partial")).map(({ text, revision }) => `${revision} ${text}`)).toEqual([
      "1 go",
      "2 go forward",
      "1 go",
      "2 go forward",
    ]);
    const order = events.map(({ type }) => type);
    const task = ["opened", "started", "changed", "changed", "completed", "closed"];
    expect(order.filter((type) => type !== "closed")).toEqual([...task, ...task].filter((type) => type !== "closed"));
    expect(order.filter((type) => type === "closed")).toHaveLength(2);
    expect(usage.requests).toBe(2);
    expect(usage.audioSeconds).toBeCloseTo(2);
  });

  test("where a sentence is all that comes, no detector is needed", async () => {
    covers("A1");
    const { frames } = await served(asr, { workflow: hears("one", "two"), frames: silentFrames(2000), config: whole });
    expect(textsOf(frames("final")).map(({ text }) => text)).toEqual(["one two"]);
    expect(asr.inputs(asr.config.parse({ ...ACCESS, ...whole })).audio?.requires).toBeUndefined();
    expect(asr.inputs(asr.config.parse(ACCESS)).audio?.requires).toEqual(["speech"]);
  });

  test("where nothing was said there is no final, and a partial is taken back", async () => {
    const { frames, events, counters } = await served(asr, {
      workflow: hears("").replace('text: "", partials: auto, words: auto', 'text: "", partials: [uh]'),
      frames: utterances(1),
    });
    expect(textsOf(frames("final"))).toEqual([]);
    expect(textsOf(frames("partial")).map(({ text, revision }) => `${revision} ${text}`)).toEqual(["1 uh", "2 "]);
    expect(counters.emptyUtterances).toBe(1);
    expect(events).toContainEqual({ type: "emptyUtterance", utterance: "u1" });
  });

  test("that the service found no voice is an answer, not a failure", async () => {
    const faults = [{ on: "connection", after: { received: 5 }, do: { vendorError: 40270002 } }] as const;
    const { counters } = await served(asr, { workflow: hears("x"), frames: utterances(1), faults: [...faults] });
    expect(counters.emptyUtterances).toBe(1);
  });

  test("the service may end a task by itself: the next utterance begins another", async () => {
    covers("A1");
    const { frames, events } = await served(asr, {
      workflow: hears("stop there"),
      frames: silentFrames(3000),
      config: { ...whole, maxEndSilenceMs: 500, link: { pace: 1, aheadMs: 0 } },
    });
    const finals = textsOf(frames("final"));
    expect(finals.length).toBeGreaterThanOrEqual(2);
    expect(finals[0]?.text).toBe("stop there");
    expect(finals[1]?.startSample).toBeGreaterThanOrEqual(finals[0]?.endSample ?? 0);
    expect(events).toContainEqual(expect.objectContaining({ type: "completed", byItself: true }));
  });
});
