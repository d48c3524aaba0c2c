import { expect, test } from "bun:test";
import { GrowingText } from "../../../plugins/llm/growing-text.ts";

const WHOLE = "  The weather, as of 3.5 hours ago: “fine”. 今天很好。 🙂 Bye ";

test("however a text is cut, its stable part is whole words and what comes later only adds to it", () => {
  for (let step = 1; step < 8; step++) {
    const growing = new GrowingText();
    let before = "";
    for (let at = 0; at < WHOLE.length; at += step) {
      growing.push(WHOLE.slice(at, at + step));
      const { text, stableChars } = growing;
      const stable = text.slice(0, stableChars);
      expect(text.startsWith(before)).toBe(true);
      expect(stable.length).toBeGreaterThanOrEqual(before.length);
      expect(stable).not.toMatch(/\b(weath|ag|hou|B|By)$/u);
      before = stable;
    }
    expect(growing.text).toBe(WHOLE.trim());
    expect(growing.stableChars).toBe(WHOLE.trim().length);
  }
});

test.each([
  ["one two three", 9, "one two"],
  ["one two three", 100, "one two three"],
  ["oneword", 3, "one"],
  ["a🙂", 2, "a"],
])("%s cut to %d characters is %s", (text, chars, kept) => {
  const growing = new GrowingText();
  growing.push(text);
  expect(growing.cut(chars)).toBe(kept !== text);
  expect(growing.text).toBe(kept);
  expect(growing.stableChars).toBeLessThanOrEqual(kept.length);
});
