import { expect, test } from "bun:test";
import { covers } from "#test/covers";
import { framesOf, silence } from "#test/signals";
import { asr } from "../../../plugins/aliyun/asr.ts";
import { hears, served, textsOf } from "./service.ts";

const talk = (ms: number) => framesOf(silence({ ms }));

test("a stream is one task: started, its sentences as utterances, completed", async () => {
  covers("A5");
  const { frames, events } = await served(asr, {
    workflow: hears("one two", "three"),
    frames: talk(2000),
    config: { mode: "continuous", language: "en-US", words: true },
  });
  console.log(JSON.stringify(frames("final")), events);
  expect(textsOf(frames("final")).map(({ text }) => text)).toEqual(["one two", "three"]);
});
