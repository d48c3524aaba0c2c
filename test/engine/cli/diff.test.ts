import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { unifiedDiff } from "../../../engine/cli/diff.ts";

/** Applies a unified difference; throws where a line is not what it says. */
function patched(before: string, diff: readonly string[]): string {
  const lines = before.split("\n");
  const result: string[] = [];
  let at = 0;
  for (const line of diff.slice(2)) {
    const head = /^@@ -(\d+),(\d+) /.exec(line);
    if (head) while (at < Number(head[1]) - 1) result.push(lines[at++]!);
    else if (line.startsWith("+")) result.push(line.slice(1));
    else {
      if (lines[at] !== line.slice(1)) throw new Error(`${line}, found ${lines[at]}`);
      if (line.startsWith(" ")) result.push(lines[at]!);
      at++;
    }
  }
  return [...result, ...lines.slice(at)].join("\n");
}

describe("a unified difference", () => {
  test("of equal texts is nothing", () => expect(unifiedDiff("a\n", "a\n", "x")).toEqual([]));

  test("turns one text into the other", () => {
    const text = fc.array(fc.constantFrom("a", "b", "c", ""), { maxLength: 30 }).map((lines) => lines.join("\n"));
    fc.assert(fc.property(text, text, (a, b) => a === b || patched(a, unifiedDiff(a, b, "x")) === b));
  });
});
