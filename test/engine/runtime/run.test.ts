import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { EngineError } from "#engine/errors";
import type { Frame } from "#engine/frames";
import { audio, collector, inline, planOf, sourceOf, startPlan, task, text } from "#test/doubles";

setDefaultTimeout(60_000);

const frames = (n: number) => Array.from({ length: n }, (_, i) => audio(i * 320));

describe("frames", () => {
  test("move from source to sink through direct and queued edges, in order and as the same objects", async () => {
    const sink = collector();
    const sent = frames(500);
    const plan = planOf(
      { source: sourceOf(sent), a: inline({ passes: "samples" }), b: inline(), sink: sink.definition },
      [
        ["source", "a"],
        ["a", "b", { queued: true, ms: 100 }],
        ["b", "sink"],
      ],
    );
    const report = await startPlan(plan).run.done;
    expect(report.state).toBe("done");
    expect(sink.got).toEqual(sent);
    expect(sink.got[7]).toBe(sent[7]!);
    expect(report.imbalances).toEqual([]);
    expect(report.edges.map((edge) => edge.out.frames)).toEqual([500, 500, 500]);
    expect(sink.controls.at(-1)).toEqual({ kind: "end", port: "in" });
  });

  test("are shared by a fan-out", async () => {
    const [left, right] = [collector(), collector()];
    const plan = planOf({ source: sourceOf(frames(3)), left: left.definition, right: right.definition }, [
      ["source", "left"],
      ["source", "right"],
    ]);
    await startPlan(plan).run.done;
    expect(left.got).toHaveLength(3);
    expect(left.got[0]).toBe(right.got[0]!);
  });

  test("of several edges come in media time, ties as listed", async () => {
    const sink = collector();
    const a = [text("a0", 0), text("a2", 640), text("a4", 1280)];
    const b = [text("b1", 320), text("b2", 640), text("b5", 1600)];
    const plan = planOf({ a: sourceOf(a), b: sourceOf(b), sink: sink.definition }, [
      ["a", "sink"],
      ["b", "sink"],
    ]);
    await startPlan(plan).run.done;
    expect(sink.got.map((frame) => (frame as { text: string }).text)).toEqual(["a0", "b1", "a2", "b2", "a4", "b5"]);
  });

  test("of several edges come as they arrive when the edges say so", async () => {
    const sink = collector();
    const plan = planOf(
      { late: sourceOf([text("late", 0)], 50), soon: sourceOf([text("soon", 640)], 10), sink: sink.definition },
      [
        ["late", "sink", { order: "arrival" }],
        ["soon", "sink", { order: "arrival" }],
      ],
    );
    await startPlan(plan).run.done;
    expect(sink.got.map((frame) => (frame as { text: string }).text)).toEqual(["soon", "late"]);
  });

  test("wait for a slow task, and none is lost", async () => {
    const got: Frame[] = [];
    const slow = task(async (input, _emit, signal, ctx) => {
      for await (const frame of input) {
        await ctx.clock.sleep(30, signal);
        got.push(frame);
      }
    });
    const plan = planOf({ source: sourceOf(frames(300)), slow }, [["source", "slow", { ms: 100 }]], {
      limits: { startMs: 1000, idleMs: 5000, drainMs: 1000 },
    });
    const { run } = startPlan(plan);
    const report = await run.done;
    expect(report.state).toBe("done");
    expect(got).toHaveLength(300);
    expect(report.durationMs).toBe(9000);
  });
});

describe("a full edge", () => {
  const slowSink = (got: Frame[]) =>
    task(async (input, _emit, signal, ctx) => {
      await ctx.clock.sleep(1000, signal);
      for await (const frame of input) got.push(frame);
    });
  const partial = (revision: number) => text(`r${revision}`, 0, { revision, final: false, utterance: "u" });

  test.each([
    { whenFull: "dropOldest" as const, sent: frames(10), kept: [5, 6, 7, 8, 9] },
    { whenFull: "dropNewest" as const, sent: frames(10), kept: [0, 1, 2, 3, 4] },
    { whenFull: "latest" as const, sent: frames(10), kept: [9] },
    { whenFull: "block" as const, sent: frames(10), kept: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9] },
  ])("does what $whenFull says, and counts it", async ({ whenFull, sent, kept }) => {
    const got: Frame[] = [];
    const plan = planOf({ source: sourceOf(sent), sink: slowSink(got) }, [["source", "sink", { whenFull, ms: 100 }]]);
    const report = await startPlan(plan).run.done;
    expect(got.map((frame) => (sent as readonly Frame[]).indexOf(frame))).toEqual([...kept]);
    expect(report.imbalances).toEqual([]);
    expect(report.edges[0]!.in.frames).toBe(10);
    expect(Object.values(report.edges[0]!.dropped).reduce((sum, tally) => sum + tally.frames, 0)).toBe(
      10 - kept.length,
    );
  });

  test("that coalesces keeps the newest revision of an utterance, and every final", async () => {
    const got: Frame[] = [];
    const sent = [partial(1), partial(2), partial(3), text("done", 0, { utterance: "u", revision: 4 })];
    const plan = planOf({ source: sourceOf(sent), sink: slowSink(got) }, [
      ["source", "sink", { whenFull: "coalesce", frames: 1 }],
    ]);
    const report = await startPlan(plan).run.done;
    expect(got.map((frame) => (frame as { text: string }).text)).toEqual(["done"]);
    expect(report.edges[0]!.coalesced.frames).toBe(3);
    expect(report.imbalances).toEqual([]);
  });
});

describe("a run ends", () => {
  const brief = { startMs: 500, idleMs: 2000, drainMs: 1000 };
  const hang = () => new Promise<never>(() => {});
  const boom = () => {
    throw new EngineError("ENGINE_FAILED", "boom");
  };
  const cases: { name: string; node: Parameters<typeof planOf>[0][string]; code: string; state?: string }[] = [
    { name: "onFrame throws", node: inline({ onFrame: boom }), code: "ENGINE_FAILED" },
    { name: "a plain error is thrown", node: inline({ onFrame: () => { throw new Error("oops"); } }), code: "NODE_FAILED" }, // biome-ignore format: one line a case
    { name: "onControl throws", node: inline({ onControl: boom }), code: "ENGINE_FAILED" },
    { name: "create throws", node: inline({ create: boom }), code: "ENGINE_FAILED" },
    { name: "create never answers", node: inline({ create: hang }), code: "NODE_HUNG" },
    {
      name: "create waits on the clock too long",
      node: inline({ create: (ctx) => ctx.clock.sleep(9999) }),
      code: "RUN_DEADLINE",
    },
    { name: "run throws", node: task(async () => boom()), code: "ENGINE_FAILED" },
    { name: "run never reads", node: task(hang), code: "RUN_DEADLINE" },
    { name: "run never returns after its input", node: task(async (input) => { for await (const _ of input); await hang(); }), code: "RUN_DEADLINE" }, // biome-ignore format: one line a case
    { name: "close throws", node: inline({ close: boom }), code: "ENGINE_FAILED" },
    { name: "close never answers", node: inline({ close: hang }), code: "NODE_HUNG" },
    {
      name: "a port is emitted to that does not exist",
      node: inline({ onFrame: (f, emit) => emit(f, "nowhere") }),
      code: "NODE_PROTOCOL",
    },
    {
      name: "it asks for an address that it does not declare to need",
      node: task(async (_i, _e, _s, ctx) => {
        await ctx.callback("later", { mediaType: "text/plain", body: "" });
      }),
      code: "NODE_PROTOCOL",
    },
    { name: "outside work never answers", node: task(async (_i, _e, _s, ctx) => { await ctx.outside(hang); }), code: "OUTSIDE_UNANSWERED" }, // biome-ignore format: one line a case
  ];
  test.each(cases)("failed, with a code, when $name", async ({ node, code }) => {
    const sink = collector();
    const plan = planOf(
      { source: sourceOf(frames(3)), node, sink: sink.definition },
      [
        ["source", "node"],
        ["node", "sink"],
      ],
      { limits: brief },
    );
    const report = await startPlan(plan, { outsideMs: 50 }).run.done;
    expect({ state: report.state, code: report.error?.code }).toEqual({ state: "failed", code: code as never });
    expect(report.imbalances).toEqual([]);
  });

  test("failed when a task floods an edge that has no room", async () => {
    const flood = task(async (_input, emit) => {
      for (let i = 0; i < 100_000; i++) void emit(audio(i * 320));
    });
    const stuck = task(hang);
    const report = await startPlan(planOf({ flood, stuck }, [["flood", "stuck", { ms: 100 }]], { limits: brief })).run
      .done;
    expect(report.error?.code).toBe("NODE_FLOODED");
  });

  test("and what a node emits after its end is refused", async () => {
    let late: (() => void) | undefined;
    let refused: unknown;
    const node = task(async (_input, emit) => {
      late = () => void emit(audio(0));
    });
    const waits = task(async (_input, _emit, _signal, ctx) => {
      await ctx.clock.sleep(100);
      try {
        late?.();
      } catch (error) {
        refused = error;
      }
    });
    const sink = collector();
    const report = await startPlan(planOf({ node, waits, sink: sink.definition }, [["node", "sink"]])).run.done;
    expect(report.state).toBe("done");
    expect((refused as EngineError).code).toBe("NODE_EMITTED_AFTER_END");
    expect(sink.got).toEqual([]);
  });

  test("done although a side branch failed that may", async () => {
    const sink = collector();
    const plan = planOf(
      { source: sourceOf(frames(5)), side: inline({ onFrame: boom }), sink: sink.definition },
      [
        ["source", "side"],
        ["source", "sink"],
      ],
      { onFailure: { side: "continue" } },
    );
    const report = await startPlan(plan).run.done;
    expect(report.state).toBe("done");
    expect(report.failures.map((failure) => failure.code)).toEqual(["ENGINE_FAILED"]);
    expect(sink.got).toHaveLength(5);
  });

  test("after a drain, with everything that was under way", async () => {
    const sink = collector();
    let seen = 0;
    const node = inline({ onFrame: (frame, emit) => { emit(frame); if (++seen === 7) run.drain(); } }); // biome-ignore format: one line
    const plan = planOf({ source: sourceOf(frames(1000), 20), node, sink: sink.definition }, [
      ["source", "node", { queued: true }],
      ["node", "sink"],
    ]);
    const { run } = startPlan(plan);
    const report = await run.done;
    expect({ state: report.state, drained: report.drained }).toEqual({ state: "done", drained: true });
    expect(report.imbalances).toEqual([]);
    expect(sink.got).toHaveLength(7);
  });

  test("when it is cancelled, at once, with balanced accounts", async () => {
    const node = inline({ onFrame: (frame, emit) => { emit(frame); run.cancel("enough"); } }); // biome-ignore format: one line
    const plan = planOf({ source: sourceOf(frames(100), 20), node, stuck: task(hang) }, [
      ["source", "node"],
      ["node", "stuck"],
    ]);
    const { run } = startPlan(plan);
    const report = await run.done;
    expect({ state: report.state, ms: report.durationMs }).toEqual({ state: "cancelled", ms: 20 });
    expect(report.edges[1]!.dropped.failed?.frames).toBe(1);
    expect(report.imbalances).toEqual([]);
  });

  test("when nothing moves any more", async () => {
    const waiting = task(async (_i, _e, signal, ctx) => ctx.clock.sleep(1_000_000, signal));
    const report = await startPlan(planOf({ waiting }, [], { limits: brief })).run.done;
    expect(report.error?.code).toBe("RUN_STALLED");
    expect(report.error?.message).toContain("waiting (double.task)");
  });
});

test("answers from outside are delivered in plan order, whichever comes first", async () => {
  const order: string[] = [];
  const asks = (name: string, afterMs: number) =>
    task(async (_i, _e, _s, ctx) => {
      await ctx.outside(() => new Promise((resolve) => setTimeout(resolve, afterMs)));
      order.push(name);
    });
  await startPlan(planOf({ slow: asks("slow", 20), quick: asks("quick", 1) }, [])).run.done;
  expect(order).toEqual(["slow", "quick"]);
});

test("an hour of paced audio passes in virtual time", async () => {
  const sink = collector();
  const report = await startPlan(
    planOf({ source: sourceOf(frames(18_000), 200), sink: sink.definition }, [["source", "sink"]]),
  ).run.done;
  expect(report.durationMs).toBe(3_600_000);
  expect(sink.got).toHaveLength(18_000);
});
