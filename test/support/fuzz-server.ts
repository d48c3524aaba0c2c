import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Attack, type Tally } from "./fuzz/attack.ts";
import { HealthyRun } from "./fuzz/healthy.ts";
import { seeded } from "./random.ts";
import { makeKey, ServerProcess, testPlugin } from "./server-process.ts";
import { LETTERS } from "./spoken-letters.ts";
import { NUMBERS } from "./spoken-numbers.ts";

export interface FuzzOptions {
  /** Requests, messages and raw connections together, at least. */
  readonly count: number;
  readonly seed: number;
  /** At once. */
  readonly workers: number;
  readonly say?: (text: string) => void;
}

export interface FuzzResult extends Tally {
  /** Resident memory after the first fifth, at the end, and the most there was. */
  readonly memory: { readonly earlyBytes: number; readonly lateBytes: number; readonly peakBytes: number };
  readonly healthyFinals: number;
}

/** Runs that lost their sender end soon, so that those of the attack do not fill the server; its own load refuses little. */
const CONFIG = {
  store: { path: "data" },
  plugins: [testPlugin("spoken-numbers"), testPlugin("spoken-letters")],
  limits: { resumeSeconds: 1, lateMs: 1000, runs: 500 },
};

/** Attacks a server in a process of its own, with a healthy live run of another project beside it. */
export async function fuzzServer({ count, seed, workers, say = () => {} }: FuzzOptions): Promise<FuzzResult> {
  const folder = mkdtempSync(join(tmpdir(), "parlando-fuzz-"));
  try {
    const key = await firstKeys(folder);
    const server = await ServerProcess.start({ folder, config: CONFIG });
    try {
      return await attacked(server, key, { count, seed, workers, say });
    } finally {
      await server.stop("SIGKILL");
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function firstKeys(folder: string): Promise<{ readonly attacker: string; readonly healthy: string }> {
  await Bun.write(join(folder, "parlando.yaml"), JSON.stringify(CONFIG));
  const attacker = await makeKey(folder, "attacker", "attacked");
  return { attacker, healthy: await makeKey(folder, "healthy", "healthy") };
}

async function attacked(
  server: ServerProcess,
  keys: { readonly attacker: string; readonly healthy: string },
  { count, seed, workers, say }: Required<FuzzOptions>,
): Promise<FuzzResult> {
  const call = (method: string, path: string, body?: string) =>
    fetch(server.url + path, {
      method,
      headers: { authorization: `Bearer ${keys.attacker}`, "content-type": "application/yaml" },
      ...(body && { body }),
    });
  await call("PUT", "/v1/workflows/numbers", NUMBERS);
  await call("PUT", "/v1/workflows/letters", LETTERS);
  const healthy = await HealthyRun.start(server.url, keys.healthy, NUMBERS);
  const attack = await Attack.on(server.url, keys.attacker);
  const { tally } = attack;
  let earlyBytes = 0;
  let told = 0;
  let index = 0;
  const work = async () => {
    while (attack.count < count && server.status === null) {
      const number = index++;
      await attack.once(seeded(seed * 1_000_003 + number), `case ${number}`);
      if (earlyBytes === 0 && attack.count > count / 5) earlyBytes = server.rssBytes;
      if (attack.count < told + count / 20) continue;
      told = attack.count;
      say(`${told} of ${count}, ${tally.faults.length} faults, ${Math.round(server.rssBytes / 2 ** 20)} MiB`);
    }
  };
  await Promise.all(Array.from({ length: workers }, work));
  if (server.status !== null) {
    tally.faults.push(`the server ended with ${server.status}: ${server.remarks.slice(-2000)}`);
    return { ...tally, memory: { earlyBytes, lateBytes: 0, peakBytes: 0 }, healthyFinals: 0 };
  }
  tally.faults.push(...(await healthy.finish()));
  if (!(await call("GET", "/healthz")).ok) tally.faults.push("/healthz is not well afterwards");
  const memory = { earlyBytes, lateBytes: server.rssBytes, peakBytes: server.peakBytes };
  return { ...tally, memory, healthyFinals: healthy.finals.length };
}
