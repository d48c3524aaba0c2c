import { expect, test } from "bun:test";
import fc from "fast-check";
import { schedule } from "../../../../plugins/core/cues/schedule.ts";
import { widthOf } from "../../../../plugins/core/cues/units.ts";
import { cuesOf, type SpokenUtterance } from "../../../../plugins/core/cues/utterance.ts";

const rules = { lineChars: 42, lines: 2, charsPerSecond: 17, minMs: 1000, maxMs: 7000, prefix: false };

const linesOf = (text: string): readonly (readonly string[])[] =>
  cuesOf({ texts: [{ text, startMs: 0, endMs: 5000 }] }, rules).map((cue) => cue.lines);

test.each([
  {
    name: "what fits one line stays on it",
    text: "what fits one line stays on it",
    lines: [["what fits one line stays on it"]],
  },
  {
    name: "two lines are of like length",
    text: "it was the best of times it was the worst of times",
    lines: [["it was the best of times", "it was the worst of times"]],
  },
  {
    name: "a line ends where a phrase does",
    text: "when the rain had stopped, we went out for a walk",
    lines: [["when the rain had stopped,", "we went out for a walk"]],
  },
  {
    name: "each sentence has its cue",
    text: "The first sentence is here. The second one follows it.",
    lines: [["The first sentence is here."], ["The second one follows it."]],
  },
  {
    name: "an abbreviation, an initial and a decimal end no sentence",
    text: "Dr. Watson met J. Moriarty with 3.5 pounds, e.g. in coins",
    lines: [["Dr. Watson met J. Moriarty with", "3.5 pounds, e.g. in coins"]],
  },
  {
    name: "a full stop before a small letter ends no sentence",
    text: "we walked approx. seven miles that day",
    lines: [["we walked approx. seven miles that day"]],
  },
  {
    name: "a very short sentence stays with its neighbour",
    text: "Yes. That is exactly what I wanted to say.",
    lines: [["Yes. That is exactly what I wanted to say."]],
  },
  {
    name: "a text without signs is cut between words",
    text: "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen",
    lines: [
      ["one two three four five six", "seven eight nine ten eleven"],
      ["twelve thirteen fourteen", "fifteen sixteen seventeen"],
    ],
  },
  {
    name: "Chinese is cut between words, a wide character counting twice",
    text: "今天天气很好，我们一起去公园散步吧，然后在湖边吃午饭。",
    lines: [["今天天气很好，我们一起去公园散步吧，", "然后在湖边吃午饭。"]],
  },
  {
    name: "a word longer than a line is cut where the line ends",
    text: "x".repeat(50),
    lines: [["x".repeat(42), "x".repeat(8)]],
  },
])("$name", ({ text, lines }) => {
  expect(linesOf(text)).toEqual(lines);
});

test("cues take their times from the words, punctuation and spelling aside", () => {
  const words = [
    { text: "the", startMs: 1000, endMs: 1200 },
    { text: "FIRST", startMs: 1300, endMs: 1700 },
    { text: "sentence", startMs: 1800, endMs: 2400 },
    { text: "second", startMs: 4100, endMs: 4500 },
    { text: "follows", startMs: 4600, endMs: 5200 },
  ];
  const text = "The first sentence. A second follows!";
  const cues = cuesOf({ texts: [{ text, startMs: 500, endMs: 9000, words }] }, rules);
  // "A" was not heard as a word: it stands between "sentence" and "second".
  expect(cues.map(({ startMs, endMs, lines }) => [startMs, endMs, lines[0]])).toEqual([
    [1000, 2400, "The first sentence."],
    [2400, 5200, "A second follows!"],
  ]);
});

test("without words, cues share the time by their letters", () => {
  const cues = cuesOf({ texts: [{ text: "aaaaaaaaa aaaaa. Bbbbbb.", startMs: 1000, endMs: 11_000 }] }, rules);
  expect(cues.map(({ startMs, endMs }) => [startMs, endMs])).toEqual([
    [1000, 8000],
    [8000, 11_000],
  ]);
});

test("a pause between words is where a phrase ends", () => {
  const said = "we walked along the river until dusk and then we all went back to the house for some dinner";
  let ms = 0;
  const words = said.split(" ").map((text) => {
    const startMs = ms;
    ms = startMs + 200 + (text === "dusk" ? 600 : 0);
    return { text, startMs, endMs: startMs + 200 };
  });
  const cues = cuesOf({ texts: [{ text: said, startMs: 0, endMs: ms, words }] }, rules);
  expect(cues.map((cue) => cue.lines.join(" "))).toEqual([
    "we walked along the river until dusk",
    "and then we all went back to the house for some dinner",
  ]);
});

test("speech that takes longer than a cue may is cut, however short its text", () => {
  const cues = cuesOf({ texts: [{ text: "slowly spoken words", startMs: 0, endMs: 12_000 }] }, rules);
  expect(cues.length).toBeGreaterThan(1);
  for (const cue of cues) expect(cue.endMs - cue.startMs).toBeLessThanOrEqual(7000);
});

test("two languages are cut sentence by sentence where both have as many", () => {
  const utterance: SpokenUtterance = {
    texts: [
      { text: "I am at home. Where are you going now?", startMs: 0, endMs: 4000 },
      { text: "Estoy en casa. ¿Adónde vas ahora?", startMs: 0, endMs: 4000 },
    ],
  };
  expect(cuesOf(utterance, rules).map((cue) => cue.lines)).toEqual([
    ["I am at home.", "Estoy en casa."],
    ["Where are you going now?", "¿Adónde vas ahora?"],
  ]);
});

test("a translation with too few words for all cues leaves the last ones to the transcript", () => {
  const text =
    "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen";
  const cues = cuesOf(
    {
      texts: [
        { text, startMs: 0, endMs: 6000 },
        { text: "números", startMs: 0, endMs: 6000 },
      ],
    },
    rules,
  );
  expect(cues.map((cue) => cue.lines.at(-1))).toEqual(["números", "fifteen sixteen seventeen"]);
});

const word = fc.stringMatching(/^[a-z]{1,12}[.,!?]?$/);
const spoken = fc.record({
  words: fc.array(word, { maxLength: 60 }),
  translated: fc.array(word, { maxLength: 60 }),
  startMs: fc.integer({ min: 0, max: 20_000 }),
  lastsMs: fc.integer({ min: 0, max: 30_000 }),
});

test("nothing is lost, no line is too long and no two cues overlap, whatever was said", () => {
  fc.assert(
    fc.property(fc.array(spoken, { maxLength: 6 }), fc.integer({ min: 8, max: 42 }), (utterances, lineChars) => {
      const all = utterances.flatMap(({ words, translated, startMs, lastsMs }) => {
        const texts = [words, translated].map((each) => ({ text: each.join(" "), startMs, endMs: startMs + lastsMs }));
        const cues = cuesOf({ texts }, { ...rules, lineChars });
        const alone = cuesOf({ texts: texts.slice(0, 1) }, { ...rules, lineChars });
        const shown = alone.flatMap((cue) => cue.lines).join(" ");
        expect(shown.replaceAll(" ", "")).toBe(words.join(""));
        const letters = (text: string) => [...text].sort().join("");
        const both = cues
          .flatMap((cue) => cue.lines)
          .join("")
          .replaceAll(" ", "");
        expect(letters(both)).toBe(letters(words.join("") + translated.join("")));
        for (const cue of cues) expect(cue.lines.length).toBeLessThanOrEqual(4);
        for (const line of cues.flatMap((cue) => cue.lines)) expect(widthOf(line)).toBeLessThanOrEqual(lineChars);
        return cues;
      });
      let free = 0;
      for (const cue of schedule(all, rules)) {
        expect(cue.startMs).toBeGreaterThanOrEqual(free);
        expect(cue.endMs).toBeGreaterThan(cue.startMs);
        expect(Number.isInteger(cue.startMs) && Number.isInteger(cue.endMs)).toBe(true);
        free = cue.endMs;
      }
    }),
    { numRuns: 200, seed: 7 },
  );
});
