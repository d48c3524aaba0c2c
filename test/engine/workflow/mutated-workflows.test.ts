import { expect, test } from "bun:test";
import { fuzzWorkflows } from "#test/mutate";

test("a thousand mutated workflows give plans or coded findings, and never throw", async () => {
  const report = await fuzzWorkflows(1000, 20_260);
  expect(report.failures.slice(0, 3)).toEqual([]);
  // and the mutations reach further than the syntax
  expect(report.codes.size).toBeGreaterThan(25);
  expect(report.planned).toBeGreaterThan(20);
}, 120_000);
