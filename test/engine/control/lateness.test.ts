import { expect, test } from "bun:test";
import type { Clock } from "#engine/plugin";
import { Lateness } from "../../../engine/control/lateness.ts";

/** A clock whose timers are called as late as it is told. */
class LateClock implements Clock {
  readonly virtual = false;
  #nowMs = 0;
  #due: { atMs: number; call: () => void } | undefined;

  nowMs(): number {
    return this.#nowMs;
  }

  after(ms: number, call: () => void): () => void {
    this.#due = { atMs: this.#nowMs + ms, call };
    return () => {
      this.#due = undefined;
    };
  }

  sleep(): Promise<void> {
    throw new Error("nobody sleeps here");
  }

  fire(lateMs: number, times = 1): void {
    for (let i = 0; i < times; i++) {
      const due = this.#due;
      if (!due) return;
      this.#nowMs = due.atMs + lateMs;
      due.call();
    }
  }
}

test("one long turn is no load; being late again and again is, and passes", () => {
  const clock = new LateClock();
  const lateness = new Lateness(clock);
  lateness.start();
  expect(lateness.sustainedMs).toBe(0);
  clock.fire(1, 19);
  clock.fire(2000);
  expect(lateness.sustainedMs).toBe(1);
  expect(lateness.quantiles()).toEqual({ p50: 1, p99: 2000 });
  clock.fire(80, 11);
  expect(lateness.sustainedMs).toBe(80);
  clock.fire(0, 12);
  expect(lateness.sustainedMs).toBe(0);
  lateness.stop();
  clock.fire(500, 20);
  expect(lateness.quantiles().p99).toBe(2000);
});
