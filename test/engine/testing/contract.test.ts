import { describe, expect, test } from "bun:test";
import { type Check, registerContract } from "#engine/testing";
import { detectors } from "./contract/detectors.ts";
import { recognisers } from "./contract/recognisers.ts";
import { sinks } from "./contract/sinks.ts";
import { sources } from "./contract/sources.ts";
import { synthesisers } from "./contract/synthesisers.ts";
import { translators } from "./contract/translators.ts";

const contracts = [detectors, recognisers, translators, synthesisers, sinks, sources];
const faulty = contracts.flatMap((contract) => contract.faulty);

async function broken(checks: readonly Check[]): Promise<string[]> {
  const names: string[] = [];
  for (const check of checks) await check.run().catch(() => names.push(check.name));
  return names;
}

describe.each(contracts)("the $name contract", ({ good }) => {
  registerContract(good, test);
});

test.each(faulty)("$name breaks: $check", async ({ checks, check }) => {
  expect(await broken(checks)).toContain(`it ${check}`);
});

test("every check of every contract has a fault that it finds", () => {
  const bites = new Set(faulty.map(({ check }) => check));
  const all = new Set(contracts.flatMap(({ good }) => good.map(({ name }) => name.replace(/^it /, ""))));
  expect([...all].filter((name) => !bites.has(name))).toEqual([]);
});
