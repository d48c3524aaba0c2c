import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { StoreOptions } from "#engine/store";
import { proveDiskFull } from "#test/disk-full-served";
import { proveDurability } from "#test/durability";
import { proveServedDurability } from "#test/durability-served";
import { shortFiles, smallDisk } from "#test/full-disk";
import { postgresMissing, startPostgres } from "#test/postgres";

/**
 * Proves that live runs lose nothing when their process is killed: `bun run prove durability [--runs 200] [--kills 20] [--numbers 80]
 * [--speed 1] [--seed 1] [--store sqlite|postgres] [--over calls|sockets|drains]`. Audio comes at real-time pace, the process dies by SIGKILL at random
 * moments, and clients hold only the audio that they must: first with clients inside the process whose commits are made slow, then over
 * WebSockets to `parlando serve`, with a job beside them; then that server is asked to end instead, with runs that hang. Both databases where none is named. At last the disk is full for a while.
 */
export default async function durability(argv: string[]): Promise<number> {
  const { values } = parseArgs({
    args: argv,
    options: {
      runs: { type: "string", default: "200" },
      kills: { type: "string", default: "20" },
      numbers: { type: "string", default: "80" },
      speed: { type: "string", default: "1" },
      seed: { type: "string", default: "1" },
      store: { type: "string" },
      over: { type: "string" },
    },
  });
  const figures = { runs: +values.runs, kills: +values.kills, numbers: +values.numbers, speed: +values.speed };
  if (Object.values(figures).some((figure) => !(figure > 0))) {
    console.error("--runs, --kills, --numbers and --speed take numbers above 0");
    return 2;
  }
  let worst = 0;
  for (const store of values.store === undefined ? ["sqlite", "postgres"] : [values.store])
    for (const over of values.over === undefined ? ["calls", "sockets", "drains"] : [values.over])
      worst = Math.max(worst, await prove(store, over, figures, +values.seed));
  return values.over === undefined ? Math.max(worst, await disks()) : worst;
}

/** What a full disk does to a server. */
async function disks(): Promise<number> {
  let worst = 0;
  for (const diskOf of [smallDisk, shortFiles]) {
    const report = await proveDiskFull(diskOf);
    if (!report) continue;
    console.log(`${report.kind}: calls without room were answered with ${report.codes.join(", ")}`);
    for (const fault of report.faults) console.log(`  ${fault}`);
    if (report.faults.length > 0) worst = 1;
    else console.log("  nothing was told that is not stored, all went on when there was room, and the store is whole");
  }
  return worst;
}

const DRAIN_SECONDS = 4;

type Figures = Record<"runs" | "kills" | "numbers" | "speed", number>;

async function prove(name: string, over: string, figures: Figures, seed: number): Promise<number> {
  const missing = name === "postgres" ? postgresMissing() : undefined;
  if (missing) {
    console.log(`${name}: skipped, ${missing}`);
    return 0;
  }
  const folder = mkdtempSync(join(tmpdir(), "parlando-durability-"));
  const server = name === "postgres" ? await startPostgres() : undefined;
  const store: StoreOptions = { folder, sync: "normal", ...(server && { url: await server.newDatabase() }) };
  const startedMs = performance.now();
  try {
    const way = over === "calls" ? proveDurability : proveServedDurability;
    const report = await way({
      ...(over === "drains" && { drainSeconds: DRAIN_SECONDS }),
      ...figures,
      store,
      random: seeded(seed),
      lifeMs: 4000,
    });
    const seconds = Math.round((performance.now() - startedMs) / 1000);
    console.log(
      `${name} over ${over}: ${figures.runs} runs, ${report.kills} kills, ${report.finals} finals told, in ${seconds} s`,
    );
    for (const fault of report.faults) console.log(`  ${fault}`);
    if (report.faults.length === 0)
      console.log("  nothing was lost or doubled, and no audio before what was kept was asked for");
    return report.faults.length === 0 && report.kills >= figures.kills ? 0 : 1;
  } finally {
    await server?.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** xorshift32, so that a failure can be had again. */
function seeded(seed: number): () => number {
  let x = seed >>> 0 || 1;
  return () => {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    return (x >>> 0) / 2 ** 32;
  };
}
