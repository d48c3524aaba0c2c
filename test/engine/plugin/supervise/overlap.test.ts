import { expect, test } from "bun:test";
import { leadingOverlap, wordsOf } from "../../../../engine/plugin/supervise/overlap.ts";

const overlap = (before: string, now: string, more: { partial?: boolean; most?: number } = {}) => {
  const words = wordsOf(now);
  const found = leadingOverlap(
    wordsOf(before).map(({ word }) => word),
    words,
    { partial: more.partial ?? false, most: more.most ?? words.length },
  );
  return found.words;
};

test.each([
  ["the last word again", "one two three", "three four five", 1],
  ["all of it again", "one two three", "one two three four", 3],
  ["nothing again", "one two three", "four five six", 0],
  ["nothing but that", "one two three", "two three", 2],
  ["only the end of a word", "one two three", "ree four", 1],
  ["a splinter, then words", "one two three", "you two three four", 3],
  ["a word that is heard otherwise", "we will meet on Sunday", "meat on Sunday at noon", 3],
  ["a word that is left out", "we will meet on the Sunday", "meet on Sunday at noon", 3],
  ["a word put in", "meet on Sunday", "meet on a Sunday at noon", 4],
  ["other case and punctuation", "Meet on, Sunday.", "on sunday - at noon", 2],
  ["the same word said twice", "no", "no no", 1],
  ["a sentence that ends like the one before", "the man", "saw the boy", 0],
  ["Chinese, which puts no spaces", "今天天气很好", "很好我们走吧", 2],
  ["Chinese that is new", "今天天气很好", "我们走吧", 0],
  ["a word that is no more alike than others", "go for a walk", "boat trips", 0],
] as const)("%s", (_, before, now, expected) => {
  expect(overlap(before, now)).toBe(expected);
});

test.each([
  ["a partial in the midst of what was said", "one two three", "two", 1],
  ["its last word not whole", "one two three", "one tw", 2],
  ["more that lies in the midst than at the end", "six seven eight nine six", "six seven eight", 3],
  ["a partial that is news", "one two three", "six", 0],
] as const)("%s", (_, before, now, expected) => {
  expect(overlap(before, now, { partial: true })).toBe(expected);
});

test("no more words are taken than may have been said", () => {
  expect(overlap("one two", "one two three", { most: 0 })).toBe(0);
  expect(overlap("no no", "no no", { most: 1 })).toBe(1);
});
