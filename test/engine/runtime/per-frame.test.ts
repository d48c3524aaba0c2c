import { beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";
import type { BatchItem, NodeDefinition } from "#engine/plugin";
import { audio, collector, household, inline, planOf, sourceOf, startPlan } from "#test/doubles";

setDefaultTimeout(60_000);

describe("on its way a frame makes no promise, closure, timer or stream", () => {
  let made: Readonly<Record<string, Readonly<Record<string, number>>>>;
  beforeAll(async () => {
    const child = Bun.spawn([process.execPath, join(import.meta.dir, "fixtures", "frames-made.ts")], {
      stdout: "pipe",
      stderr: "pipe",
    });
    const [said, failure] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()]);
    expect({ status: await child.exited, failure }).toEqual({ status: 0, failure: "" });
    made = JSON.parse(said);
  });

  test.each(["inline", "queued", "detected", "taken"])("%s", (plan) => {
    const { Int16Array: own, ...others } = made[plan]!;
    expect(own).toBeCloseTo(1, 2);
    // what there is comes with a turn of many frames
    for (const [kind, each] of Object.entries(others)) expect([kind, each < 0.1]).toEqual([kind, true]);
  });
});

test("one call in 256 is timed, of a task that emits and of a node behind a queue, and one call for many in 16", async () => {
  const home = household();
  const frames = Array.from({ length: 1024 }, (_, i) => audio(i * 320));
  const passedOn = (items: readonly BatchItem[]) => {
    for (const { frame, emit } of items) emit(frame);
  };
  const batched: NodeDefinition = { ...inline(), type: "double.batched", batch: passedOn };
  const sink = collector();
  const plan = planOf(
    { source: sourceOf(frames, 20), called: inline(), queued: inline(), batched, sink: sink.definition },
    [
      ["source", "called"],
      ["called", "queued", { queued: true }],
      ["queued", "batched"],
      ["batched", "sink"],
    ],
  );
  await startPlan(plan, {}, home).run.done;
  expect(sink.got).toEqual(frames);
  const timed = home.calls.lines();
  expect(Object.fromEntries(timed.map(({ type, what, count }) => [`${type} ${what}`, count]))).toEqual({
    "double.source emit": 4, // with the node that it calls
    "double.inline onFrame": 4,
    "double.batched batch": 64, // at 20 ms each frame has a call of its own
  });
  for (const line of timed) expect(line.p99Ms).toBeGreaterThanOrEqual(line.p50Ms);
});

test("a node that throws in a call that is timed fails as in any other", async () => {
  const frames = Array.from({ length: 300 }, (_, i) => audio(i * 320));
  let calls = 0;
  const failing = inline({
    onFrame: (frame, emit) => {
      if (++calls === 256) throw new Error("in the call that is timed");
      emit(frame);
    },
  });
  const sink = collector();
  const plan = planOf({ source: sourceOf(frames, 20), failing, sink: sink.definition }, [
    ["source", "failing", { queued: true }],
    ["failing", "sink"],
  ]);
  const report = await startPlan(plan).run.done;
  expect([report.state, report.error?.code, report.imbalances]).toEqual(["failed", "NODE_FAILED", []]);
  expect(sink.got).toEqual(frames.slice(0, 255));
});
