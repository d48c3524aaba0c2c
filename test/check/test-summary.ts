/** What `bun test` counted. */
export interface TestSummary {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/**
 * Reads the summary that `bun test` prints last. Errors outside of tests (a file that does not load, a rejection that
 * nobody awaits) count as failed, tests marked `todo` as skipped.
 * @returns undefined when there is no summary: the run was ended or broke down.
 */
export function readTestSummary(output: string): TestSummary | undefined {
  const lines = Bun.stripANSI(output).split("\n");
  const last = (word: string) => lines.findLast((line) => new RegExp(`^ *\\d+ ${word}s?$`).test(line));
  if (!last("pass") || !last("fail")) return undefined;
  const count = (word: string) => Number.parseInt(last(word) ?? "0", 10);
  return { passed: count("pass"), failed: count("fail") + count("error"), skipped: count("skip") + count("todo") };
}
