import { appendFileSync } from "node:fs";
import { relative } from "node:path";

/** Rows of the coverage list: a letter for the vendor or part, and a number. */
export type CoveredRow = `${"R" | "A" | "G" | "T" | "S" | "E"}${number}`;

/**
 * Says which rows of the coverage list the test around it proves; called in its body, so that a test that is skipped proves nothing. Where
 * `PARLANDO_COVERS` names a file, each call adds a line of JSON to it, `{ rows, file, line }`, from which docs/status.md is made; else it
 * does nothing.
 */
export function covers(...rows: readonly CoveredRow[]): void {
  const file = process.env.PARLANDO_COVERS;
  if (!file) return;
  appendFileSync(file, `${JSON.stringify({ rows, ...callerOf(new Error("covers").stack ?? "") })}\n`);
}

/** The place in the tests that a stack leads to first, this file left out. */
function callerOf(stack: string): { file: string; line: number } {
  for (const [, path, line] of stack.matchAll(/(?:\(|at |@)(?:file:\/\/)?([^\s():]+\.ts):(\d+)/g))
    if (path && !path.endsWith("/covers.ts")) return { file: relative(process.cwd(), path), line: Number(line) };
  return { file: "", line: 0 };
}
