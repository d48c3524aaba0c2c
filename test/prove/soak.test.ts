import { expect, setDefaultTimeout, test } from "bun:test";
import { trendOf } from "#test/soak/readings";
import { soakServer } from "#test/soak/served";
import { soakVirtually } from "#test/soak/virtual";

setDefaultTimeout(120_000); // a process of the server is started, on a machine that may be busy

test("the line through readings is that of least squares", () => {
  const readings = [1, 3, 2, 6].map((bytes, at) => ({ at, bytes }));
  const { slope, from, to } = trendOf(readings);
  expect([slope, from, to].map((value) => value.toFixed(6))).toEqual(["1.400000", "0.900000", "5.100000"]);
  expect(() => trendOf([{ at: 1, bytes: 1 }])).toThrow("two moments");
});

/** The short forms of `bun run prove soak`. */
test("mixed runs with faults under one virtual clock leave nothing behind", async () => {
  const { runs, faults, left } = await soakVirtually({ hours: 0.2, seed: 3 });
  expect({ faults, left }).toEqual({ faults: [], left: { nodes: 0, timers: 0, descriptors: 0 } });
  expect(runs).toBeGreaterThan(3);
});

test("mixed clients with faults leave nothing behind in a server", async () => {
  const { faults, after, done } = await soakServer({ ms: 3000, seed: 5, clients: 6, patient: false });
  expect({ faults, after }).toMatchObject({ faults: [], after: { sockets: 0, sessions: 0, runs: 0 } });
  expect(done.size).toBeGreaterThan(0);
});
