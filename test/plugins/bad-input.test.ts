import { describe, expect, setDefaultTimeout, test } from "bun:test";

import { badAliyun } from "#test/bad-input/aliyun";
import { badAzure } from "#test/bad-input/azure";
import { attempt, called, type Outcome, soundFallback } from "#test/bad-input/harness";
import { badModelStudio } from "#test/bad-input/modelstudio";
import { badRtvt } from "#test/bad-input/rtvt";
import type { BadVendor } from "#test/bad-input/table";
import { badTencent } from "#test/bad-input/tencent";

setDefaultTimeout(60_000); // each input is linted, run, and run again with a fallback, on a machine that may be busy

/** Each with its table of inputs for its nodes, and of calls for its gateway. */
const VENDORS: readonly BadVendor[] = [badRtvt, badAliyun, badTencent, badModelStudio, badAzure];

/** What a node says when all is well: made once for each. */
const sound = new Map<string, Promise<readonly string[]>>();
function soundResult(vendor: BadVendor, node: string): Promise<readonly string[]> {
  const made = sound.get(node) ?? attempt(vendor, { node }).then(({ result }) => result);
  sound.set(node, made);
  return made;
}

const nodeOf = ({ report }: Outcome) => report?.nodes.find(({ node }) => node === "node");
const dropsOf = ({ report }: Outcome) => report?.edges.flatMap(({ dropped }) => Object.keys(dropped));

/** Nothing is left open, accounts balance, and nobody was told a secret. */
function requireTidy(vendor: BadVendor, { left, report, told }: Outcome): void {
  expect(left).toEqual([]);
  expect(report?.imbalances ?? []).toEqual([]);
  requireSecrecy(vendor, told);
}

function requireSecrecy({ secrets }: BadVendor, told: string): void {
  for (const [name, secret] of Object.entries(secrets)) expect([name, told.includes(secret)]).toEqual([name, false]);
}

describe.each(VENDORS.map((vendor) => ({ name: vendor.plugin.name, vendor })))("$name", ({ vendor }) => {
  test.each(Object.keys(vendor.nodes).map((node) => ({ node })))("$node works when all is well", async ({ node }) => {
    const outcome = await attempt(vendor, { node });
    expect(outcome.findings).toEqual([]);
    expect([outcome.report?.state, outcome.report?.error?.message]).toEqual(["done", undefined]);
    expect(outcome.result.length).toBeGreaterThan(0);
    requireTidy(vendor, outcome);
  });

  test.each(vendor.inputs.map((input) => ({ ...input, input })))("$node: $what, found by $found", async ({ input }) => {
    const outcome = await attempt(vendor, input);
    const { findings, report } = outcome;
    if (input.found === "lint") {
      expect(findings.map((finding) => finding.code)).toContain(input.code as never);
      expect(findings.map(({ message }) => message).join("\n")).toMatch(input.says);
      expect(report).toBeUndefined(); // nor can it be started
    } else if (input.found === "borne") {
      expect([report?.state, report?.error?.message]).toEqual(["done", undefined]);
      expect(outcome.result).toEqual(input.result ?? (await soundResult(vendor, input.node)));
    } else {
      expect(findings).toEqual([]); // else it would have to be found there
      expect([report?.state, report?.error?.code]).toEqual(["failed", input.code as never]);
      expect(outcome.wasReady).toBe(input.found === "run");
      expect(report?.error?.message).toMatch(input.says);
      if (input.drops) expect(dropsOf(outcome)).not.toEqual([]);
    }
    expect(nodeOf(outcome)?.counters ?? {}).toMatchObject(input.counters ?? {});
    requireTidy(vendor, outcome);
  });

  const replaced = vendor.inputs.filter(
    ({ found, fallback }) => (found === "start" || found === "run") && fallback !== false,
  );
  test.each(replaced.map((input) => ({ ...input, input })))(
    "$node: $what, and the fallback takes over with no word lost",
    async ({ input }) => {
      const { node } = input;
      const outcome = await attempt(vendor, input, input.fallback || soundFallback(vendor, node));
      expect([outcome.report?.state, outcome.report?.error?.message]).toEqual(["done", undefined]);
      // where one leaves off and the other begins, a sentence may be two
      expect(outcome.result.join(" ")).toBe((input.result ?? (await soundResult(vendor, node))).join(" "));
      expect(nodeOf(outcome)?.counters.fallbacks).toBe(1);
      expect(dropsOf(outcome)).toEqual([]);
      requireTidy(vendor, outcome);
    },
  );

  test.each(vendor.calls.map((bad) => ({ ...bad, bad })))("the gateway is asked for $what", async ({ bad }) => {
    const { told, started, left } = await called(vendor, bad);
    expect(told).toMatch(bad.told);
    expect([started, left]).toEqual([bad.runs ?? 0, []]);
    requireSecrecy(vendor, told);
  });
});
