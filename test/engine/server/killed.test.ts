import { expect, setDefaultTimeout, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { proveServedDurability } from "#test/durability-served";
import { seeded } from "#test/random";

setDefaultTimeout(120_000); // processes of the server are started, on a machine that may be busy

/** The short form of `bun run prove durability --over sockets`. */
test("a program whose server is killed gets every final once, and a job goes on", async () => {
  const folder = mkdtempSync(join(tmpdir(), "parlando-killed-"));
  const how = { runs: 4, kills: 1, numbers: 8, speed: 4, random: seeded(5), lifeMs: 600 };
  const { finals, faults } = await proveServedDurability({ store: { folder, sync: "normal" }, ...how });
  expect({ finals, faults }).toEqual({ finals: 64, faults: [] });
  rmSync(folder, { recursive: true });
});

/** The short form of `bun run prove durability --over drains`. */
test("a server that is asked to end does so in time, loses nothing, and a node that hangs does not keep it", async () => {
  const folder = mkdtempSync(join(tmpdir(), "parlando-drained-"));
  const how = { runs: 4, kills: 1, numbers: 8, speed: 4, random: seeded(5), lifeMs: 600 };
  const drains = { drainSeconds: 1, closingMs: Number.POSITIVE_INFINITY }; // a busy machine may take longer than its own time
  const { kills, finals, faults } = await proveServedDurability({
    store: { folder, sync: "normal" },
    ...how,
    ...drains,
  });
  expect({ kills, finals, faults }).toEqual({ kills: 1, finals: 64, faults: [] });
  rmSync(folder, { recursive: true });
});
