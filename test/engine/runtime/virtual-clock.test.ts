import { expect, test } from "bun:test";
import { VirtualClock } from "#engine/runtime";

test("whoever waits for the rest of a time gets there, however little rounding leaves of it", async () => {
  const clock = new VirtualClock();
  const stop = clock.drive();
  await clock.sleep(12_345.678_9);
  const dueMs = clock.nowMs() + 1e-12; // half of what tells two such times apart
  let looks = 0;
  const { promise, resolve } = Promise.withResolvers<void>();
  const look = () => {
    if (++looks > 100 || clock.nowMs() > dueMs) return resolve();
    clock.after(1e-13, look);
  };
  clock.after(0, look);
  await promise;
  stop();
  expect(looks).toBeLessThan(5);
  expect(clock.nowMs()).toBeCloseTo(12_345.679_9, 6);
});

test("what is asked for at once comes in the same instant, in the order in which it was asked for", async () => {
  const clock = new VirtualClock();
  const came: string[] = [];
  clock.after(0, () => came.push(`a ${clock.nowMs()}`));
  clock.after(-5, () => came.push(`b ${clock.nowMs()}`));
  clock.after(0.000_1, () => came.push(`d ${clock.nowMs()}`));
  clock.after(0, () => came.push(`c ${clock.nowMs()}`));
  const stop = clock.drive();
  await clock.sleep(1);
  stop();
  expect(came).toEqual(["a 0", "b 0", "c 0", "d 0.001"]);
});
