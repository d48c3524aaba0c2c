import { describe, expect, test } from "bun:test";
import { EngineError } from "#engine/errors";
import type { Frame } from "#engine/frames";
import type { TaskInput } from "#engine/plugin";
import { VirtualClock } from "#engine/runtime";
import { audio, collector, inline, planOf, sourceOf, startPlan, task, text } from "#test/doubles";
import { rejectionOf } from "#test/rejection";

const frames = (count: number) => Array.from({ length: count }, (_, i) => audio(i * 320));
const textOf = (frame: Frame) => (frame.kind === "text" ? frame.text : "");

describe("a task that takes its input by each", () => {
  test("is called in the call that brings the frame, and goes on after the last", async () => {
    const order: string[] = [];
    const source = task(async (_input, emit) => {
      for (const frame of [text("a", 0), text("b", 320)]) {
        const room = emit(frame);
        order.push(`sent ${frame.text}`);
        await room;
      }
    });
    const taker = task(async (input, emit) => {
      await input.each((frame, port) => {
        order.push(`${port} ${textOf(frame)}`);
        return emit(frame);
      });
      order.push("over");
    });
    const sink = collector();
    const plan = planOf({ source: { ...source, inputs: () => ({}) }, taker, sink: sink.definition }, [
      ["source", "taker"],
      ["taker", "sink"],
    ]);
    const report = await startPlan(plan).run.done;
    expect(order).toEqual(["in a", "sent a", "in b", "sent b", "over"]);
    expect(sink.got.map(textOf)).toEqual(["a", "b"]);
    expect([report.state, report.imbalances]).toEqual(["done", []]);
    expect(report.edges.map((edge) => [edge.in.frames, edge.out.frames])).toEqual([
      [2, 2],
      [2, 2],
    ]);
  });

  test("finds its accounts balanced in that call", async () => {
    const left: number[] = [];
    const looking = task((input) =>
      input.each(() => {
        for (const { in: came, out, inFlight } of run.accounts) left.push(came.frames - out.frames - inFlight.frames);
        return undefined;
      }),
    );
    const plan = planOf({ source: sourceOf(frames(3), 20), looking }, [["source", "looking"]]);
    const { run } = startPlan(plan);
    await run.done;
    expect(left).toEqual([0, 0, 0]);
  });

  test("has one frame at a time: what it returns holds the next back, and whoever sends waits for room", async () => {
    const sent = frames(300);
    const got: Frame[] = [];
    let most = 0;
    let busy = 0;
    const slow = task(async (input, _emit, signal, ctx) => {
      await input.each((frame) => {
        most = Math.max(most, ++busy);
        got.push(frame);
        return ctx.clock.sleep(30, signal).then(() => void busy--);
      });
    });
    const plan = planOf({ source: sourceOf(sent), slow }, [["source", "slow", { ms: 100 }]], {
      limits: { startMs: 1000, idleMs: 5000, drainMs: 1000 },
    });
    const { run } = startPlan(plan);
    const report = await run.done;
    expect([report.state, report.imbalances, most]).toEqual(["done", [], 1]);
    expect(got).toEqual(sent);
  });

  test("gets what came before it asked, and an end that came before", async () => {
    const got: Frame[] = [];
    const late = task(async (input, _emit, signal, ctx) => {
      await ctx.clock.sleep(500, signal);
      await input.each((frame) => void got.push(frame) as undefined);
      await input.each(() => {
        throw new Error("there is nothing more");
      });
    });
    const sent = frames(100); // more than a step takes
    const plan = planOf({ source: sourceOf(sent), late }, [["source", "late"]]);
    const report = await startPlan(plan).run.done;
    expect([report.state, got.length]).toEqual(["done", 100]);
    expect(got).toEqual(sent);
  });

  test("of several inputs gets frames in media time", async () => {
    const got: string[] = [];
    const joined = task(
      (input) => input.each((frame, port) => void got.push(`${port} ${textOf(frame)}`) as undefined),
      { inputs: ["left", "right"] },
    );
    const plan = planOf(
      {
        a: sourceOf([text("a0", 0), text("a2", 640), text("a4", 1280)]),
        b: sourceOf([text("b1", 320), text("b2", 640), text("b5", 1600)]),
        joined,
      },
      [
        ["a", "joined", { port: "left" }],
        ["b", "joined", { port: "right" }],
      ],
    );
    await startPlan(plan).run.done;
    expect(got).toEqual(["left a0", "right b1", "left a2", "right b2", "left a4", "right b5"]);
  });

  test.each([
    ["throws", () => void failing()],
    ["rejects", () => Promise.resolve().then(failing)],
  ])("fails as a node when what it calls %s, and takes nothing after it", async (_what, take) => {
    let calls = 0;
    const broken = task((input) =>
      input.each(() => {
        if (++calls < 3) return undefined;
        return take() as Promise<void>;
      }),
    );
    const plan = planOf({ source: sourceOf(frames(10), 20), broken }, [["source", "broken"]]);
    const report = await startPlan(plan).run.done;
    expect([report.state, report.error?.code, report.imbalances]).toEqual(["failed", "VENDOR_REFUSED", []]);
    expect(calls).toBe(3);
  });

  test("may go on after a failure that it catches", async () => {
    const after: string[] = [];
    const patient = task(async (input) => {
      for (;;) {
        try {
          return await input.each((frame) => {
            if (textOf(frame) === "bad") throw new Error("bad");
            return void after.push(textOf(frame)) as undefined;
          });
        } catch {
          after.push("caught");
        }
      }
    });
    const sent = ["a", "bad", "b"].map((words, i) => text(words, i * 320));
    const plan = planOf({ source: sourceOf(sent, 10), patient }, [["source", "patient"]]);
    expect((await startPlan(plan).run.done).state).toBe("done");
    expect(after).toEqual(["a", "caught", "b"]);
  });

  test.each(["waits for a frame", "is not done with one"])(
    "is told when the run is cancelled while it %s",
    async (when) => {
      let told: unknown;
      const cancelled = task(async (input, _emit, signal, ctx) => {
        const busy = when === "is not done with one";
        told = await rejectionOf(input.each(() => (busy ? ctx.clock.sleep(60_000, signal) : undefined)));
        throw told;
      });
      const plan = planOf({ source: sourceOf(frames(2), 1000), cancelled }, [["source", "cancelled"]]);
      const clock = new VirtualClock();
      const { run } = startPlan(plan, { clock });
      clock.after(1500, () => run.cancel("enough"));
      expect((await run.done).state).toBe("cancelled");
      expect(told).toMatchObject({ code: "RUN_CANCELLED" });
    },
  );

  test.each([
    ["next", (input: TaskInput) => input.next()],
    ["poll", async (input: TaskInput) => void input.poll()],
    ["each", (input: TaskInput) => input.each(() => undefined)],
  ])("is refused %s meanwhile", async (_name, read) => {
    let refused: unknown;
    const greedy = task(async (input) => {
      await input.each((frame) => {
        if (textOf(frame) !== "a") return undefined;
        return rejectionOf(read(input)).then((error) => {
          refused = error;
        });
      });
    });
    const plan = planOf({ source: sourceOf([text("a", 0), text("b", 320)]), greedy }, [["source", "greedy"]]);
    expect((await startPlan(plan).run.done).state).toBe("done");
    expect(refused).toMatchObject({ code: "NODE_PROTOCOL", message: expect.stringContaining("greedy reads") });
  });

  test("waits for room behind it, where it returns what emit returns", async () => {
    const sent = frames(200);
    const sink: Frame[] = [];
    const passing = task((input, emit) => input.each((frame) => emit(frame)));
    const slow = task(async (input, _emit, signal, ctx) => {
      for await (const frame of input) {
        await ctx.clock.sleep(20, signal);
        sink.push(frame);
      }
    });
    const plan = planOf(
      { source: sourceOf(sent), first: inline(), passing, slow },
      [
        ["source", "first"],
        ["first", "passing", { ms: 100 }],
        ["passing", "slow", { ms: 100 }],
      ],
      { limits: { startMs: 1000, idleMs: 5000, drainMs: 1000 } },
    );
    const { run } = startPlan(plan);
    const report = await run.done;
    expect([report.state, report.imbalances]).toEqual(["done", []]);
    expect(sink).toEqual(sent);
  });
});

function failing(): never {
  throw new EngineError("VENDOR_REFUSED", "no");
}
