import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { EngineError } from "#engine/errors";
import type { AudioFrame, TextFrame } from "#engine/plugin";
import { SystemClock } from "#engine/runtime";
import { driveNode } from "#engine/testing";
import { findDecoderFiles, grammarWords } from "#native/pocketsphinx";
import { recordingPcm, recordingsInstalled } from "#test/recordings";
import { framesOf } from "#test/signals";
import { asr } from "../../../plugins/pocketsphinx/asr.ts";

setDefaultTimeout(120_000);

const here = "files" in findDecoderFiles() && recordingsInstalled();

const GRAMMAR = `#JSGF V1.0; // how a robot is told
grammar robot;
public <command> = <move> | stop {halt};
<move> = go (forward | backward) <number> (meter | meters);
<number> = one | two | /3/ ten | five;
`;

const codeOf = (error: unknown): string => (error instanceof EngineError ? error.code : String(error));

async function heard(name: string, settings: object): Promise<TextFrame[]> {
  const frames = framesOf(recordingPcm(name)) as AudioFrame[];
  const driven = await driveNode(asr, settings, { frames, clock: new SystemClock() });
  return driven.frames("final") as TextFrame[];
}

describe.skipIf(!here)(
  `listening for something${here ? "" : ": pocketsphinx or its recordings are not installed"}`,
  () => {
    test.each(["fast", "accurate"])("a grammar hears its sentence, finals %s", async (final) => {
      const [text] = await heard("goforward.raw", { grammar: GRAMMAR, final });
      expect(text?.text).toBe("go forward ten meters");
      expect(text?.words?.map((word) => word.text)).toEqual(["go", "forward", "ten", "meters"]);
    });

    test("keywords are heard where they are said, once each, in order, and nothing else", async () => {
      const keywords = [
        { phrase: "ten meters", threshold: 1e-10 },
        { phrase: "forward", threshold: 1e-10 },
        { phrase: "elephant", threshold: 1e-5 },
      ];
      const [text] = await heard("goforward.raw", { keywords });
      expect(text?.words?.map((word) => word.text)).toEqual(["forward", "ten meters"]);
      expect(await heard("something.raw", { keywords })).toEqual([]);
    });

    test("a word that the dictionary has not is heard by its sounds", async () => {
      const grammar = "#JSGF V1.0; grammar g; public <s> = go forward ten meterz | stop;";
      const [text] = await heard("goforward.raw", { grammar, words: { meterz: "M IY T ER Z" } });
      expect(text?.text).toBe("go forward ten meterz");
    });

    test.each([
      {
        name: "a grammar with an unknown word",
        settings: { grammar: "#JSGF V1.0; grammar g; public <s> = go qwxzy;" },
        says: "qwxzy",
      },
      {
        name: "a grammar that is none",
        settings: { grammar: "#JSGF V1.0; grammar g; public <s> = go ( forward" },
        says: "no JSGF",
      },
      { name: "an unknown keyword", settings: { keywords: [{ phrase: "hello qwxzy" }] }, says: "qwxzy" },
      {
        name: "sounds that are none",
        settings: { words: { qwxzy: "QQ ZZZ" }, keywords: [{ phrase: "hello" }] },
        says: "qwxzy",
      },
    ])("$name is said before anything is heard", async ({ settings, says }) => {
      const error = await heard("goforward.raw", settings).then(
        () => undefined,
        (cause: unknown) => cause,
      );
      expect(codeOf(error)).toBe("CONFIG_INVALID");
      expect(String((error as Error).message)).toContain(says);
    });
  },
);

test("a grammar and keywords exclude each other", () => {
  expect(asr.config.safeParse({ grammar: GRAMMAR, keywords: [{ phrase: "go" }] }).success).toBe(false);
});

test("the words of a grammar are found among its signs", () => {
  expect([...new Set(grammarWords(GRAMMAR))]).toEqual([
    "stop",
    "go",
    "forward",
    "backward",
    "meter",
    "meters",
    "one",
    "two",
    "ten",
    "five",
  ]);
});
