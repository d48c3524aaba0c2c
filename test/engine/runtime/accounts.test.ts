import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { EngineError } from "#engine/errors";
import { AccountedRun, requireBalance } from "#test/accounted-run";
import { CHECKOUT } from "#test/command-line";
import { audio, inline, planOf, sourceOf, startPlan } from "#test/doubles";
import { rejectionOf } from "#test/rejection";

const TEN = Array.from({ length: 10 }, (_, i) => audio(i * 320));

test("a node that says it passes audio on and swallows some fails whoever awaits its run", async () => {
  const thief = inline({ passes: "samples", onFrame: (frame, emit) => void (frame !== TEN[3] && emit(frame)) });
  const plan = planOf({ source: sourceOf(TEN), thief, sink: inline() }, [
    ["source", "thief"],
    ["thief", "sink"],
  ]);
  expect(await rejectionOf(startPlan(plan).run.done)).toHaveProperty(
    "message",
    expect.stringContaining("accounts do not balance: thief: 3200 samples went in, 2880 are accounted for"),
  );
});

test.each([
  { end: "ends by itself", broken: undefined, state: "done" },
  { end: "fails in the middle", broken: TEN[5], state: "failed" },
])("a run that $end balances", async ({ broken, state }) => {
  const node = inline({
    passes: "samples",
    onFrame(frame, emit) {
      if (frame === broken) throw new EngineError("ENGINE_FAILED", "broken");
      emit(frame);
    },
  });
  const plan = planOf({ source: sourceOf(TEN), node, sink: inline() }, [
    ["source", "node", { queued: true, ms: 40 }],
    ["node", "sink", { queued: true, ms: 40 }],
  ]);
  const { run } = startPlan(plan);
  expect(run).toBeInstanceOf(AccountedRun);
  expect((await run.done).state).toBe(state as never);
});

test("whoever starts a run in a test, a proof or a benchmark looks at its accounts", () => {
  const files = [...new Bun.Glob("test/**/*.ts").scanSync(CHECKOUT)];
  const careless = files.filter((file) => {
    const text = readFileSync(join(CHECKOUT, file), "utf8");
    return /new Run\(/.test(text) && !/imbalances|requireBalance/.test(text);
  });
  expect(files.length).toBeGreaterThan(100);
  expect(careless).toEqual([]);
  expect(requireBalance({ imbalances: [] })).toEqual({ imbalances: [] });
});
