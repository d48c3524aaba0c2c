import { expect, test } from "bun:test";
import fc from "fast-check";
import { comparableWords, sumWordErrors, wordErrorRate, wordErrors } from "#engine/testing";

test.each<{ name: string; said: string; heard: string; counts: number[] }>([
  {
    name: "the same text has no error",
    said: "go forward ten meters",
    heard: "go forward ten meters",
    counts: [4, 0, 0, 0],
  },
  { name: "a wrong word is one substitution", said: "ten of clubs", heard: "ten of close", counts: [3, 1, 0, 0] },
  { name: "a missing word is a deletion", said: "five five", heard: "five", counts: [2, 0, 1, 0] },
  { name: "an extra word is an insertion", said: "queen of clubs", heard: "a queen of clubs", counts: [3, 0, 0, 1] },
  { name: "a word split in two is two errors", said: "made himself", heard: "made him self", counts: [2, 1, 0, 1] },
  { name: "nothing heard deletes everything", said: "one two", heard: "", counts: [2, 0, 2, 0] },
  { name: "nothing said, something heard", said: "", heard: "one two", counts: [0, 0, 0, 2] },
  { name: "case and punctuation do not count", said: "Hello, World!", heard: "hello world", counts: [2, 0, 0, 0] },
  { name: "spelled-out titles are their short forms", said: "Mister John", heard: "mr. john", counts: [2, 0, 0, 0] },
])("$name", ({ said, heard, counts }) => {
  const { words, substituted, deleted, inserted, errors } = wordErrors(said, heard);
  expect([words, substituted, deleted, inserted]).toEqual(counts);
  expect(errors).toBe(substituted + deleted + inserted);
});

test.each<{ text: string; words: string[] }>([
  { text: "cold-hearted — and selfish", words: ["cold", "hearted", "and", "selfish"] },
  { text: "I’m sure it's 'his'", words: ["i'm", "sure", "it's", "his"] },
  { text: "¿Dónde está?", words: ["dónde", "está"] },
  { text: "doctor who", words: ["dr", "who"] },
  { text: "  ", words: [] },
])("the words of '$text'", ({ text, words }) => {
  expect(comparableWords(text)).toEqual(words);
});

test("rates of several texts are taken over all their words", () => {
  const sum = sumWordErrors([wordErrors("a b c", "a b c"), wordErrors("d", "e")]);
  expect(wordErrorRate(sum)).toBe(0.25);
  expect(wordErrorRate(wordErrors("", ""))).toBe(0);
  expect(wordErrorRate(wordErrors("", "a"))).toBe(Number.POSITIVE_INFINITY);
});

test("errors are a distance: nil for the same words only, alike in both directions, never more than the longer text", () => {
  const text = fc.array(fc.constantFrom("a", "b", "c"), { maxLength: 8 }).map((words) => words.join(" "));
  fc.assert(
    fc.property(text, text, (one, other) => {
      const { errors } = wordErrors(one, other);
      expect(errors === 0).toBe(one === other);
      expect(wordErrors(other, one).errors).toBe(errors);
      expect(errors).toBeLessThanOrEqual(Math.max(comparableWords(one).length, comparableWords(other).length));
    }),
  );
});
