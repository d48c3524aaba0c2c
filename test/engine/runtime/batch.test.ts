import { expect, test } from "bun:test";
import { z } from "zod";
import { EngineError } from "#engine/errors";
import { type BatchItem, defineNode } from "#engine/plugin";
import { VirtualClock } from "#engine/runtime";
import { covers } from "#test/covers";
import { audio, collector, household, planOf, sourceOf, startPlan } from "#test/doubles";

/** A batched node that passes frames on, and remembers how large its calls were. */
function batched(behave: (item: BatchItem) => void = () => {}) {
  const calls: number[] = [];
  const definition = defineNode({
    type: "double.batched",
    summary: "Passes frames on, many at once.",
    role: "filter",
    passes: "samples",
    inputs: { in: { kinds: ["audio"] } },
    outputs: { out: { kinds: ["audio"] } },
    config: z.object({}),
    create: () => ({
      onFrame: () => {
        throw new Error("a batched node is not called one by one");
      },
    }),
    batch(items) {
      calls.push(items.length);
      for (const item of items)
        try {
          behave(item);
          item.emit(item.frame);
        } catch (error) {
          item.error = error;
        }
    },
  });
  return { calls, definition };
}

const frames = (n: number, value: number) => Array.from({ length: n }, (_, i) => audio(i * 320, 320, value));

/** `runs` runs at once on one clock, each with frames of its own value. */
async function together(definition: ReturnType<typeof batched>["definition"], runs: number, count = 50) {
  const home = household();
  const clock = new VirtualClock();
  const sinks = Array.from({ length: runs }, () => collector());
  const going = sinks.map((sink, i) =>
    startPlan(
      planOf({ source: sourceOf(frames(count, i + 1), 20), node: definition, sink: sink.definition }, [
        ["source", "node"],
        ["node", "sink"],
      ]),
      { clock, order: i, runId: `run-${i}` },
      home,
    ),
  );
  const reports = await Promise.all(going.map(({ run }) => run.done));
  return { reports, sinks };
}

test("frames of many runs that are ready at one instant go in one call, and each comes out in its own run", async () => {
  covers("E3");
  const { calls, definition } = batched();
  const { reports, sinks } = await together(definition, 8);
  expect(calls).toEqual(Array(50).fill(8));
  for (const [i, sink] of sinks.entries()) expect(sink.got).toEqual(frames(50, i + 1));
  for (const report of reports) expect([report.state, report.imbalances]).toEqual(["done", []]);
});

test("an item's error ends its run only", async () => {
  const { definition } = batched((item) => {
    if (item.frame.kind === "audio" && item.frame.pcm[0] === 3 && item.frame.startSample >= 3200)
      throw new EngineError("ENGINE_FAILED", "this one");
  });
  const { reports, sinks } = await together(definition, 5);
  expect(reports.map((report) => report.error?.code)).toEqual([
    undefined,
    undefined,
    "ENGINE_FAILED",
    undefined,
    undefined,
  ]);
  expect(sinks.map((sink) => sink.got.length)).toEqual([50, 50, 10, 50, 50]);
  for (const report of reports) expect(report.imbalances).toEqual([]);
});

test("a throw ends the runs of that call, and a later run is untouched", async () => {
  let armed = true;
  const { definition } = batched();
  const throwing = { ...definition, batch: (items: readonly BatchItem[]) => { if (armed) throw new Error("all of it"); definition.batch!(items); } }; // biome-ignore format: one line
  const broken = await together(throwing, 3);
  expect(broken.reports.map((report) => report.error?.code)).toEqual(["NODE_FAILED", "NODE_FAILED", "NODE_FAILED"]);
  armed = false;
  const whole = await together(throwing, 3);
  expect(whole.reports.map((report) => report.state)).toEqual(["done", "done", "done"]);
});

test("a run that is cancelled in the middle of a gathering leaves the others whole", async () => {
  const home = household();
  const clock = new VirtualClock();
  const { definition } = batched((item) => {
    if (item.frame.kind === "audio" && item.frame.startSample === 320 * 7 && item.frame.pcm[0] === 1)
      first.run.cancel("now");
  });
  const sink = collector();
  const plan = (value: number, target = collector()) =>
    planOf({ source: sourceOf(frames(20, value), 20), node: definition, sink: target.definition }, [
      ["source", "node"],
      ["node", "sink"],
    ]);
  const first = startPlan(plan(1), { clock, order: 0 }, home);
  const second = startPlan(plan(2, sink), { clock, order: 1 }, home);
  const [one, two] = await Promise.all([first.run.done, second.run.done]);
  expect([one.state, two.state]).toEqual(["cancelled", "done"]);
  expect(sink.got).toHaveLength(20);
  expect([one.imbalances, two.imbalances]).toEqual([[], []]);
});
