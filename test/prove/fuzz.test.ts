import { expect, setDefaultTimeout, test } from "bun:test";
import { fuzzServer } from "#test/fuzz-server";

setDefaultTimeout(120_000); // a process of the server is started, on a machine that may be busy

/** The short form of `bun run prove fuzz`. */
test("malformed requests and messages get coded answers, and a live run beside them tells all its finals", async () => {
  const { requests, messages, raw, faults, healthyFinals } = await fuzzServer({ count: 600, seed: 7, workers: 8 });
  expect(faults).toEqual([]);
  expect(requests + messages + raw).toBeGreaterThanOrEqual(600);
  expect(healthyFinals).toBeGreaterThan(0);
});
