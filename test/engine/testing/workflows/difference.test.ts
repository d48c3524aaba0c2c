import { expect, test } from "bun:test";
import fc from "fast-check";
import { lineDifference, wordDifference } from "../../../../engine/testing/workflows/difference.ts";

test.each([
  { wanted: "one two three", found: "one two three", shown: "one two three" },
  { wanted: "one two three", found: "one too three", shown: "one [-two-] {+too+} three" },
  { wanted: "one two three", found: "one three", shown: "one [-two-] three" },
  { wanted: "one three", found: "one two and three", shown: "one {+two and+} three" },
  { wanted: "", found: "one", shown: "{+one+}" },
])("$wanted and $found differ as $shown", ({ wanted, found, shown }) => {
  expect(wordDifference(wanted, found)).toBe(shown);
});

test("long stretches of equal lines are told by their number", () => {
  const lines = Array.from({ length: 20 }, (_, i) => `line ${i}`);
  const found = lines.with(10, "another");
  expect(lineDifference(lines, found)).toEqual([
    "  … 8 more that are the same",
    "  line 8",
    "  line 9",
    "- line 10",
    "+ another",
    "  line 11",
    "  line 12",
    "  … 7 more that are the same",
  ]);
});

test("what is too long to compare is told by its length", () => {
  const long = Array.from({ length: 3000 }, (_, i) => `${i}`);
  expect(lineDifference(long, ["a"])).toEqual(["3000 lines were wanted, 1 came"]);
  expect(wordDifference(long.join(" "), "a")).toBe("3000 words were wanted, 1 came");
});

test("a difference leads from what was wanted to what was found", () => {
  const words = fc.array(fc.constantFrom("a", "b", "c"), { maxLength: 12 });
  fc.assert(
    fc.property(words, words, (wanted, found) => {
      const lines = lineDifference(wanted, found);
      const left = lines.filter((line) => /^[ -] \w$/.test(line)).map((line) => line.slice(2));
      const right = lines.filter((line) => /^[ +] \w$/.test(line)).map((line) => line.slice(2));
      const skipped = lines.some((line) => line.includes("…"));
      return skipped || (left.join() === wanted.join() && right.join() === found.join());
    }),
  );
});
