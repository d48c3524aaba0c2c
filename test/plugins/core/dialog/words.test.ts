import { expect, test } from "bun:test";
import { spokenWords } from "../../../../plugins/core/dialog/words.ts";

test.each([
  ["Turn ON the lights!", ["turn", "on", "the", "lights"]],
  ["twenty-one, I'm", ["twenty", "one", "i'm"]],
  ["Ｆｕｌｌ ﬁt it’s", ["full", "fit", "it's"]],
  ["打开灯 now", ["打", "开", "灯", "now"]],
  ["¿Qué? Straße 3", ["qué", "straße", "3"]],
  ["...", []],
])("%s is said as its words", (text, words) => {
  const found = spokenWords(text);
  expect(found.map(({ word }) => word)).toEqual(words);
  for (const { from, to } of found) expect(text.slice(from, to).length).toBeGreaterThan(0);
});
