import { expect, setDefaultTimeout, test } from "bun:test";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runSeries, summaryOf } from "./series.ts";

setDefaultTimeout(60_000); // processes are started, on a machine that may be busy

const command = [process.execPath, join(import.meta.dir, "fixtures/benchmarks.ts")];

/** @returns the results, and what was said meanwhile */
async function series(names: readonly string[], more: { limitMs?: number; keepIn?: string } = {}) {
  const decoder = new TextDecoder();
  let said = "";
  const results = await runSeries(names, {
    command,
    ...more,
    say: (text) => {
      said += typeof text === "string" ? text : decoder.decode(text);
    },
  });
  return { results, said };
}

test("one that fails, crashes or cannot be loaded does not keep the others from running", async () => {
  const { results, said } = await series(["broken", "crashing", "unloadable", "slow", "good"]);
  expect(results.map(({ name, error }) => [name, error])).toEqual([
    ["broken", "the account does not balance"],
    ["crashing", expect.stringMatching(/^ended with status \d+/)],
    ["unloadable", "ended with status 2: no such module"],
    ["slow", undefined],
    ["good", undefined],
  ]);
  expect(results.flatMap(({ measurements }) => measurements.map(({ value }) => value))).toEqual([2, Number.NaN, 1]);
  expect(said).toContain("[5 of 5] good");
  expect(said).toContain("good is on its way");
  expect(summaryOf(...results)).toBe(
    "1 of 3 goals met; missed: slow.figure, slow.figure; left out: good.vsPeer; failed: broken, crashing, unloadable",
  );
});

test("reports are kept one by one, those of failures not", async () => {
  const folder = mkdtempSync(join(tmpdir(), "parlando-series-"));
  try {
    await series(["good", "broken", "crashing", "slow"], { keepIn: folder });
    expect(readdirSync(folder).sort()).toEqual(["good.json", "slow.json"]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("one that hangs is ended with all that it started", async () => {
  const { results } = await series(["hanging"], { limitMs: 1000 }); // it would last for ten minutes
  expect(results).toEqual([{ name: "hanging", measurements: [], error: "no end after 1 s" }]);
});
