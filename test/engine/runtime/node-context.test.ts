import { expect, test } from "bun:test";
import type { EngineError } from "#engine/errors";
import { MemoryNetwork, newHousehold, type RunOptions, VirtualClock } from "#engine/runtime";
import type { PlannedNode } from "#engine/workflow";
import { filterType } from "#test/filter-type";
import { RunNodeContext } from "../../../engine/runtime/node-context.ts";
import { RunLender } from "../../../engine/runtime/run/run-lender.ts";
import { Teller } from "../../../engine/runtime/run/teller.ts";

function contextOf(): RunNodeContext {
  const clock = new VirtualClock();
  const options: RunOptions = { runId: "run-1", clock };
  const household = newHousehold({ network: new MemoryNetwork(clock) });
  const lender = new RunLender(options, household, new Teller(options), { moves: 0 });
  const planned: PlannedNode = {
    id: "filter",
    type: "test.filter",
    definition: { ...filterType("test.filter"), effects: ["network"] },
    config: {},
    formats: {},
    outputFormats: {},
    onFailure: "end",
    inserted: false,
  };
  return new RunNodeContext(lender, planned, 0, lender);
}

test("what a node asks for is made once", () => {
  const ctx = contextOf();
  expect(ctx.network).toBe(ctx.network);
  expect(ctx.clock).toBe(ctx.clock);
  expect(ctx.durable).toBe(ctx.durable);
});

test("a node that counts nothing has empty counters of its own, whatever another one counts", () => {
  const [quiet, busy] = [contextOf(), contextOf()];
  busy.count("reconnects");
  busy.count("reconnects", 2);
  busy.usage("requests", 1);
  expect({ counters: quiet.counters, used: quiet.used }).toEqual({ counters: {}, used: {} });
  expect({ counters: busy.counters, used: busy.used }).toEqual({ counters: { reconnects: 3 }, used: { requests: 1 } });
});

test("a network that is asked for only after the end reaches nothing", async () => {
  const ctx = contextOf();
  await ctx.dispose();
  const answer = ctx.network.fetch({ method: "GET", url: "http://127.0.0.1/" }).then(
    () => "answered",
    (error: EngineError) => error.code,
  );
  const later = new Promise<string>((resolve) => setImmediate(() => resolve("under way")));
  expect(await Promise.race([answer, later])).toBe("RUN_CANCELLED");
});
