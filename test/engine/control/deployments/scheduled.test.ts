import { describe, expect, test } from "bun:test";
import { EngineError } from "#engine/errors";
import { HandClock } from "#test/hand-clock";
import { Scheduled } from "../../../../engine/control/deployments/scheduled.ts";
import { timesOf } from "../../../../engine/control/deployments/times.ts";

const START = Date.UTC(2026, 0, 1);
const HOUR = 3_600_000;
const log = { debug() {}, info() {}, warn() {} };

describe("times", () => {
  test.each([
    ["30 2 * * *", "UTC", "2026-01-01T00:00Z", "2026-01-01T02:30:00.000Z"],
    ["30 2 * * *", "UTC", "2026-01-01T02:30Z", "2026-01-02T02:30:00.000Z"],
    ["0 9 * * 1-5", "UTC", "2026-01-02T10:00Z", "2026-01-05T09:00:00.000Z"],
    ["0 9 * * *", "Asia/Shanghai", "2026-01-01T00:00Z", "2026-01-01T01:00:00.000Z"],
    // the hour that the clocks of Berlin leave out
    ["30 2 * * *", "Europe/Berlin", "2026-03-29T00:00Z", "2026-03-29T01:00:00.000Z"],
    ["*/15 * * * *", "UTC", "2026-01-01T00:14:59Z", "2026-01-01T00:15:00.000Z"],
  ])("%s in %s, after %s", (schedule, timeZone, after, due) => {
    const next = timesOf({ schedule, timeZone }, "deployments.a.when");
    expect(new Date(next(Date.parse(after)) ?? 0).toISOString()).toBe(due);
  });

  test("every so often counts from the beginning of time, so that a restart moves nothing", () => {
    const next = timesOf({ every: 6 * HOUR }, "deployments.a.when");
    expect([START, START + 1, START + 6 * HOUR - 1].map((ms) => (next(ms) ?? 0) - START)).toEqual([
      6 * HOUR,
      6 * HOUR,
      6 * HOUR,
    ]);
  });

  test("a moment that never comes is none", () => {
    expect(timesOf({ schedule: "0 0 30 2 *", timeZone: "UTC" }, "x")(START)).toBeUndefined();
  });

  test.each([
    ["61 * * * *", "UTC"],
    ["* * * *", "UTC"],
    ["0 0 2 * * *", "UTC"],
    ["0 2 * * *", "Europe/Nowhere"],
  ])("%s in %s cannot be read", (schedule, timeZone) => {
    expect(() => timesOf({ schedule, timeZone }, "deployments.a.when")).toThrow(
      expect.objectContaining({ code: "CONFIG_INVALID", message: expect.stringContaining("deployments.a.when") }),
    );
  });
});

function scheduled(start: (dueMs: number) => Promise<void>, times = [1, 2, 3]) {
  const clock = new HandClock();
  const next = (afterMs: number) => times.map((hours) => START + hours * HOUR).find((ms) => ms > afterMs);
  const made = new Scheduled({ name: "nightly", next, clock, epochMs: () => START + clock.now, log, start });
  made.begin();
  return { made, clock };
}

const hours = (dues: readonly number[]) => dues.map((ms) => (ms - START) / HOUR);

test("a run is started at each moment, and not before", async () => {
  const started: number[] = [];
  const { clock } = scheduled(async (due) => void started.push(due));
  await clock.pass(HOUR - 1);
  expect(started).toEqual([]);
  await clock.pass(1);
  expect(hours(started)).toEqual([1]);
  await clock.pass(10 * HOUR);
  expect(hours(started)).toEqual([1, 2, 3]);
  expect(clock.pending).toBe(0);
});

test("what could not be started because of the load is tried again, until the next moment has come", async () => {
  const tried: number[] = [];
  let busyUntil = START + HOUR + 12_000;
  const { clock } = scheduled(async (due) => {
    tried.push(due);
    if (START + clock.now < busyUntil) throw new EngineError("SERVER_BUSY", "too much to do");
  });
  await clock.pass(2 * HOUR - 1);
  expect(hours(tried)).toEqual([1, 1, 1, 1]); // at once, and after 5, 10 and 15 s
  busyUntil = Number.POSITIVE_INFINITY;
  await clock.pass(HOUR + 1);
  expect(hours(tried).filter((due) => due === 2).length).toBe(720);
  expect(hours(tried).filter((due) => due === 3).length).toBe(1);
});

test("what can never be started is left at that", async () => {
  const tried: number[] = [];
  const { clock } = scheduled(async (due) => {
    tried.push(due);
    throw new EngineError("WORKFLOW_INVALID", "no such node");
  });
  await clock.pass(4 * HOUR);
  expect(hours(tried)).toEqual([1, 2, 3]);
});

test("a machine that slept starts what it was waiting for once, and goes on from now", async () => {
  const started: number[] = [];
  const clock = new HandClock();
  let asleepMs = 0;
  const next = (afterMs: number) => (Math.floor(afterMs / HOUR) + 1) * HOUR;
  const epochMs = () => START + asleepMs + clock.now;
  const start = async (due: number) => void started.push(due);
  new Scheduled({ name: "hourly", next, clock, epochMs, log, start }).begin();
  asleepMs = 5.5 * HOUR; // timers stood still
  await clock.pass(HOUR);
  expect(hours(started)).toEqual([1]);
  await clock.pass(HOUR);
  expect(hours(started)).toEqual([1, 7]);
});

test("nothing is started after the end, and the end waits for what is being started", async () => {
  const gate = Promise.withResolvers<void>();
  const { made, clock } = scheduled(() => gate.promise);
  await clock.pass(HOUR);
  let ended = false;
  const end = made.stop().then(() => {
    ended = true;
  });
  await clock.pass(0);
  expect(ended).toBe(false);
  gate.resolve();
  await end;
  await clock.pass(5 * HOUR);
  expect(clock.pending).toBe(0);
});
