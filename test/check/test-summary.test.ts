import { expect, test } from "bun:test";
import { readTestSummary } from "./test-summary.ts";

const esc = "\x1b";

test.each([
  {
    name: "plain",
    output: "(pass) x\n\n 12 pass\n 1 fail\n 30 expect() calls\n",
    summary: { passed: 12, failed: 1, skipped: 0 },
  },
  {
    name: "skipped and still to do",
    output: " 12 pass\n 2 skip\n 3 todo\n 0 fail\n",
    summary: { passed: 12, failed: 0, skipped: 5 },
  },
  {
    name: "coloured",
    output: `${esc}[32m 4 pass${esc}[0m\n${esc}[2m 0 fail${esc}[0m\n`,
    summary: { passed: 4, failed: 0, skipped: 0 },
  },
  {
    name: "an error outside of a test fails",
    output: " 4 pass\n 0 fail\n 1 error\n",
    summary: { passed: 4, failed: 1, skipped: 0 },
  },
  {
    name: "only the last summary counts",
    output: " 9 pass\n 9 fail\nmore\n 4 pass\n 0 fail\n",
    summary: { passed: 4, failed: 0, skipped: 0 },
  },
  { name: "no summary", output: "panic: out of memory\n", summary: undefined },
])("the summary of bun test: $name", ({ output, summary }) => {
  expect(readTestSummary(output)).toEqual(summary);
});
