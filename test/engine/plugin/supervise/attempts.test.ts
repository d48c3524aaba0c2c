import { describe, expect, test } from "bun:test";
import { EngineError, type NodeDefinition, supervise } from "#engine/plugin";
import { VirtualClock } from "#engine/runtime";
import { driveNode } from "#engine/testing";
import { rejectionOf } from "#test/rejection";
import { broken, FRAME_SAMPLES, failingAt, recogniser, Script } from "./doubles.ts";
import { drive, expectRising, finals, SAID, talk, texts } from "./driven.ts";

describe.each(["inline", "task"] as const)("a supervised recogniser of shape %s", (shape) => {
  test("passes everything untouched when nothing fails", async () => {
    const bare = await driveNode(recogniser(new Script(), shape), {}, { frames: talk });
    const driven = await drive([{ definition: recogniser(new Script(), shape), attempts: 3 }]);
    expect(driven.emitted).toEqual(bare.emitted);
    expect(driven.events).toEqual([]);
    expect(finals(driven)).toEqual(SAID);
  });

  test.each(talk.map((_, i) => i + 1))("that fails at frame %i gives each final once, in order", async (n) => {
    const script = failingAt(n);
    const driven = await drive([{ definition: recogniser(script, shape), attempts: 2 }]);
    expect(finals(driven)).toEqual(SAID);
    expectRising(texts(driven));
    expect(script).toMatchObject({ opened: 2, closed: 2 });
    expect(driven.counters).toMatchObject({ retries: 1 });
    expect(texts(driven).map((f) => [f.startSample, f.final && f.endSample])).toEqual(
      expect.arrayContaining([
        [0, 4 * FRAME_SAMPLES],
        [4 * FRAME_SAMPLES, 5 * FRAME_SAMPLES],
        [5 * FRAME_SAMPLES, 8 * FRAME_SAMPLES],
      ]),
    );
  });

  test.each(talk.map((_, i) => i + 1))(
    "that fails at frame %i and the one after leaves the rest to the next candidate",
    async (n) => {
      const first = new Script();
      first.onFrame = (handed) => {
        if (handed >= n) throw broken();
      };
      const second = new Script();
      const driven = await drive([
        { definition: recogniser(first, shape), attempts: 2 },
        { definition: recogniser(second, "task", "second ") },
      ]);
      expect(finals(driven).map((t) => t.replace("second ", ""))).toEqual(SAID);
      expectRising(texts(driven));
      expect(driven.counters).toMatchObject({ retries: 1, fallbacks: 1 });
      expect(driven.events.map(({ type, attempt, of, code }) => ({ type, attempt, of, code }))).toEqual([
        { type: "retry", attempt: 2, of: 2, code: "VENDOR_FAILED" },
        { type: "fallback", attempt: 2, of: 2, code: "VENDOR_FAILED" },
      ]);
      expect(driven.events[1]).toMatchObject({ from: `double.${shape}`, to: "double.tasksecond " });
    },
  );

  test("has all its attempts again after each final", async () => {
    const script = new Script();
    script.onFrame = (handed) => {
      if ([3, 11, 17].includes(handed)) throw broken(); // once in each utterance
    };
    const driven = await drive([{ definition: recogniser(script, shape), attempts: 2 }]);
    expect(finals(driven)).toEqual(SAID);
    expect(script.opened).toBe(4);
  });

  test("fails with the code of the last error and tells what was tried", async () => {
    const script = new Script();
    script.onFrame = () => {
      throw broken();
    };
    const failure = await drive([{ definition: recogniser(script, shape), attempts: 3 }]).catch((e) => e);
    expect(failure).toBeInstanceOf(EngineError);
    expect(failure).toMatchObject({ code: "VENDOR_FAILED", cause: { code: "VENDOR_FAILED" } });
    expect(failure.message).toContain(`double.${shape} 3 times`);
    expect(script).toMatchObject({ opened: 3, closed: 3 });
  });
});

describe("which failures go where", () => {
  test.each([
    {
      name: "a key that is refused is not tried again",
      error: broken("VENDOR_KEY_REFUSED"),
      retries: undefined,
      fallbacks: 1,
    },
    {
      name: "a plain error, which is a bug, is not tried again",
      error: new TypeError("oops"),
      retries: undefined,
      fallbacks: 1,
    },
    { name: "a failure that may pass is tried again", error: broken(), retries: 1, fallbacks: undefined },
  ])("$name", async ({ error, retries, fallbacks }) => {
    const driven = await drive([
      { definition: recogniser(failingAt(3, error), "task"), attempts: 3 },
      { definition: recogniser(new Script(), "task") },
    ]);
    expect(finals(driven)).toEqual(SAID);
    expect(driven.counters.retries).toBe(retries as number);
    expect(driven.counters.fallbacks).toBe(fallbacks as number);
  });

  test("a single failure of a single attempt passes as it is", async () => {
    const error = broken("VENDOR_KEY_REFUSED");
    const failure = await drive([{ definition: recogniser(failingAt(2, error), "task"), attempts: 5 }]).catch((e) => e);
    expect(failure).toBe(error);
  });

  test("a candidate that cannot be opened is passed over, whether at the start or later", async () => {
    const closedDoor = new Script();
    closedDoor.onOpen = () => {
      throw broken("VENDOR_KEY_REFUSED");
    };
    const driven = await drive([
      { definition: recogniser(closedDoor, "task") },
      { definition: recogniser(failingAt(3), "inline") },
      { definition: recogniser(closedDoor, "inline") },
      { definition: recogniser(new Script(), "task") },
    ]);
    expect(finals(driven)).toEqual(SAID);
    expect(driven.counters).toMatchObject({ fallbacks: 3 });
  });

  test("what cannot be opened at all fails in create", async () => {
    const script = new Script();
    script.onOpen = () => {
      throw broken("VENDOR_KEY_REFUSED");
    };
    const { definition } = supervise({
      candidates: [{ definition: recogniser(script, "task"), config: {}, attempts: 3 }],
    });
    expect(await rejectionOf(driveNode(definition, {}))).toMatchObject({ code: "VENDOR_KEY_REFUSED" });
    expect(script.opened).toBe(1);
  });

  test("the first retry comes at once, later ones after growing waits on the run's clock, the last of them 5 s at most", async () => {
    const clock = new VirtualClock();
    const times: number[] = [];
    const script = new Script();
    script.onOpen = (opened) => {
      times.push(clock.nowMs());
      if (opened < 10) throw broken();
    };
    await drive([{ definition: recogniser(script, "task"), attempts: 10 }], { frames: talk, clock });
    const waits = times.slice(1).map((t, i) => t - times[i]!);
    expect(waits[0]).toBe(0);
    const bases = [100, 200, 400, 800, 1600, 3200, 5000, 5000];
    for (const [i, base] of bases.entries()) {
      expect(waits[i + 1]).toBeGreaterThanOrEqual(base / 2);
      expect(waits[i + 1]).toBeLessThanOrEqual(base);
    }
  });

  test("an instance that does not close is left behind after a second", async () => {
    const clock = new VirtualClock();
    const hanging = recogniser(failingAt(3), "inline");
    const definition: NodeDefinition = {
      ...hanging,
      create: async (config, ctx) => ({
        ...(await hanging.create(config, ctx)),
        close: () => (clock.nowMs() > 0 ? undefined : new Promise(() => {})),
      }),
    };
    const driven = await drive([{ definition, attempts: 2 }], { frames: talk, clock });
    expect(finals(driven)).toEqual(SAID);
    expect(clock.nowMs()).toBe(1000);
  });
});
