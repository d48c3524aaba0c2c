import { describe, expect, test } from "bun:test";
import type { TextFrame, Word } from "#engine/plugin";
import { Seam } from "../../../../engine/plugin/supervise/seam.ts";
import { RATE, text } from "./doubles.ts";

/** A text from one time to another, in ms. */
const said = (words: string, fromMs: number, toMs: number, more: Partial<TextFrame> = {}): TextFrame =>
  text(more.utterance ?? "u", words, {
    startSample: (fromMs * RATE) / 1000,
    endSample: (toMs * RATE) / 1000,
    ...more,
  });

const timed = (words: readonly [string, number, number][]): Word[] =>
  words.map(([word, fromMs, toMs]) => ({
    text: word,
    startSample: (fromMs * RATE) / 1000,
    endSample: (toMs * RATE) / 1000,
  }));

/** What goes out after a first instance has said something that is final up to a time. */
function after(before: TextFrame, untilMs: number | undefined, ...frames: TextFrame[]) {
  let merged = 0;
  const seam = new Seam((words) => {
    merged += words;
  });
  expect(seam.pass(before)).toBe(before);
  seam.restart(untilMs === undefined ? undefined : untilMs * 1000);
  const out = frames.map((frame) => seam.pass(frame));
  return { out, texts: out.map((frame) => frame?.text), merged };
}

const FIRST = said("one two three", 0, 800);

describe("what the next instance says", () => {
  test("loses the words that were said, and begins where these end", () => {
    const { out, merged } = after(FIRST, 800, said("Two, three: four five.", 300, 1500));
    expect(out[0]).toMatchObject({ text: "four five.", startSample: 12_800, endSample: 24_000, stableChars: 10 });
    expect(merged).toBe(2);
  });

  test("passes as it is where nothing is heard twice, where it comes later, and once it is past the seam", () => {
    const again = said("three", 700, 1100);
    expect(after(FIRST, undefined, again).out).toEqual([again]);
    const later = said("three", 900, 1100);
    expect(after(FIRST, 800, later).out).toEqual([later]);
    expect(after(FIRST, 800, said("three four", 600, 1100), again).texts).toEqual(["four", "three"]);
  });

  test("may say again in several finals what was said in one", () => {
    const { texts, merged } = after(
      FIRST,
      800,
      said("two", 300, 400),
      said("three", 500, 790),
      said("three", 790, 1300),
    );
    expect(texts).toEqual([undefined, undefined, "three"]);
    expect(merged).toBe(2);
  });

  test("grows by partials that lose as much as their final", () => {
    const partial = (words: string) => said(words, 300, 900, { final: false, stableChars: 0 });
    const frames = [
      partial("tw"),
      partial("two"),
      partial("two three"),
      partial("two three fo"),
      said("two three four", 300, 1000),
    ];
    expect(after(FIRST, 800, ...frames).texts).toEqual([undefined, undefined, undefined, "fo", "four"]);
  });

  test("is taken back where it turns out to be nothing new", () => {
    const splinter = said("hmm", 300, 400, { final: false });
    const { out } = after(FIRST, 800, splinter, said("hmm two three", 300, 790));
    expect(out).toMatchObject([{ text: "hmm" }, { text: "", final: false, stableChars: 0 }]);
  });

  test("keeps the times and places of the words that are left", () => {
    const words = timed([["three", 600, 800], ["four", 900, 1100]]); // biome-ignore format: a row
    const { out } = after(FIRST, 800, said("three, four", 600, 1100, { words, stableChars: 8 }));
    expect(out[0]).toMatchObject({ text: "four", startSample: 14_400, words: [words[1]], stableChars: 1 });
  });
});

test("what goes out begins no earlier than what is final ends, whatever the times of its words", () => {
  const words = timed([["three", 500, 700], ["four", 700, 1100]]); // biome-ignore format: a row
  const { out } = after(FIRST, 800, said("three four", 500, 1100, { words }));
  expect(out[0]).toMatchObject({
    text: "four",
    startSample: 12_800,
    words: [{ startSample: 12_800, endSample: 17_600 }],
  });
});

describe("the times of words", () => {
  test("tell what was said even where it is heard quite otherwise", () => {
    const words = timed([["tree", 500, 640], ["frog", 640, 800], ["four", 900, 1100]]); // biome-ignore format: a row
    expect(after(FIRST, 800, said("tree frog four", 500, 1100, { words })).texts).toEqual(["four"]);
  });

  test("tell what was not, even where it reads the same", () => {
    const words = timed([["three", 820, 1000], ["times", 1000, 1200]]); // biome-ignore format: a row
    expect(after(FIRST, 800, said("three times", 700, 1200, { words })).texts).toEqual(["three times"]);
  });
});

test("transcripts, translations into several languages and channels are joined each by itself", () => {
  const seam = new Seam(() => {});
  const of = (words: string, more: Partial<TextFrame>) => said(words, 0, 800, more);
  seam.pass(of("one two", { role: "transcript" }));
  seam.pass(of("uno dos", { role: "translation", language: "es" }));
  seam.pass(of("eins zwei", { role: "translation", language: "de" }));
  seam.pass(of("seven", { role: "transcript", channel: 1 }));
  seam.restart(800_000);
  const texts = [
    of("two seven", { role: "transcript", language: "en-GB" }),
    of("dos tres", { role: "translation", language: "es-ES" }),
    of("dos drei", { role: "translation", language: "de" }),
    of("two", { role: "transcript", channel: 1 }),
  ].map((frame) => seam.pass(frame)?.text);
  expect(texts).toEqual(["seven", "tres", "dos drei", "two"]);
});

test("only what is final up to the seam can be said again", () => {
  const seam = new Seam(() => {});
  seam.pass(FIRST);
  seam.pass(said("four five", 900, 1500)); // its translation has not come: all of it is to be said again
  seam.restart(800_000);
  expect(seam.pass(said("three four five", 600, 1500))?.text).toBe("four five");
});
