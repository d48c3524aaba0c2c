import { describe, expect, test } from "bun:test";
import { covers } from "#test/covers";
import { silentFrames } from "#test/signals";
import { textsOf } from "#test/texts";
import { utterances } from "#test/utterances";
import { asr } from "../../../../plugins/modelstudio/asr.ts";
import { hears, PARAFORMER, served } from "../service.ts";

describe("a task for each utterance", () => {
  test("tasks follow each other on one socket, and keep the utterances' names and places", async () => {
    covers("S31", "S32");
    const { frames, events } = await served(asr, {
      workflow: hears(["go forward"]),
      frames: utterances(3),
      config: { ...PARAFORMER, mode: "utterance" },
    });
    expect(textsOf(frames("final")).map(({ utterance, text, startSample }) => [utterance, text, startSample])).toEqual([
      ["u1", "go forward", 0],
      ["u2", "go forward", 32_000],
      ["u3", "go forward", 64_000],
    ]);
    expect(events.filter(({ type }) => type === "opened")).toHaveLength(1);
    expect(events.filter(({ type }) => type === "started")).toHaveLength(3);
  });

  test("sentences that the service cuts within an utterance are one text", async () => {
    const { frames } = await served(asr, {
      workflow: hears(["one two", "three"]),
      frames: utterances(1, 2000),
      config: { mode: "utterance" },
    });
    const finals = textsOf(frames("final"));
    expect(finals).toMatchObject([{ utterance: "u1", text: "one two three", startSample: 0, endSample: 32_000 }]);
    expect(finals[0]?.words).toHaveLength(3);
    expect(textsOf(frames("partial")).at(-1)?.text).toBe("one two three");
  });

  test("what the service ends by itself takes no more of the utterance", async () => {
    const { frames, counters } = await served(asr, {
      workflow: hears(["one two", "three"]),
      frames: utterances(2, 2000),
      config: { model: "gummy-chat-v1", mode: "utterance" },
      pace: 1,
    });
    expect(textsOf(frames("final")).map(({ utterance, text }) => [utterance, text])).toEqual([
      ["u1", "one two"],
      ["u2", "one two"],
    ]);
    expect(counters.unheardFrames).toBeGreaterThan(10);
  });
});

test("mode single ends with the first sentence, though more would come", async () => {
  covers("S20");
  const { frames, endedMs } = await served(asr, {
    workflow: hears(["one two", "three"]),
    frames: silentFrames(60_000),
    config: { mode: "single" },
    pace: 1,
  });
  expect(textsOf(frames("final")).map(({ text }) => text)).toEqual(["one two"]);
  expect(endedMs).toBeLessThan(5000);
});
