import { expect, test } from "bun:test";
import { EngineError } from "#engine/errors";
import { newHousehold, type RunOptions, VirtualClock } from "#engine/runtime";
import { RunLender } from "../../../../engine/runtime/run/run-lender.ts";
import { Teller } from "../../../../engine/runtime/run/teller.ts";

function lenderOf(given: Partial<RunOptions> = {}): RunLender {
  const options: RunOptions = { runId: "run-1", clock: new VirtualClock(), ...given };
  return new RunLender(options, newHousehold(), new Teller(options), { moves: 0 });
}

const reason = new EngineError("RUN_CANCELLED", "the run was cancelled");

test("a signal that was asked for aborts when the run is cut off, with its reason", () => {
  const lender = lenderOf();
  const { signal } = lender;
  expect(signal.aborted).toBe(false);
  lender.cutOff(reason);
  expect({ aborted: signal.aborted, reason: signal.reason }).toEqual({ aborted: true, reason });
});

test("a signal that is asked for after the run was cut off has aborted, with the first reason", () => {
  const lender = lenderOf();
  lender.cutOff(reason);
  lender.cutOff(new EngineError("RUN_DEADLINE", "too late"));
  expect({ aborted: lender.signal.aborted, reason: lender.signal.reason }).toEqual({ aborted: true, reason });
  expect(lender.signal).toBe(lender.signal);
});

test("runs without a guard share their rules; a guard makes rules of its own", () => {
  expect(lenderOf().rules).toBe(lenderOf().rules);
  expect(lenderOf().rules).toEqual({ virtual: true });
  const guard = async () => undefined;
  expect(lenderOf({ guard }).rules).toEqual({ virtual: true, guard });
});

test("what the options leave out is filled in", () => {
  const { labels, seed, order, generation, outsideMs } = lenderOf();
  expect({ labels, seed, order, generation, outsideMs }).toEqual({
    labels: {},
    seed: 1,
    order: 0,
    generation: 0,
    outsideMs: 60_000,
  });
  expect(lenderOf().epochMs()).toBe(Date.UTC(2026, 0, 1));
  expect(lenderOf().traces("asr")).toBe(false);
});
