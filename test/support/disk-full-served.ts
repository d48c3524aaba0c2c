import { Database } from "bun:sqlite";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { EngineError, Parlando } from "#engine/client";
import { type FullDisk, SURVIVES_LIMITS } from "./full-disk.ts";
import { ServerProcess, testPlugin } from "./server-process.ts";
import { bytesOf, NUMBERS, RATE_HZ, spoken } from "./spoken-numbers.ts";

export interface DiskFullReport {
  readonly kind: string;
  /** Codes that calls got while there was no room. */
  readonly codes: readonly string[];
  readonly faults: readonly string[];
}

const LIVE = { live: { encoding: "s16le", sampleRateHz: RATE_HZ, channels: 1 } } as const;
/** Longer than what a full disk may still hold in pages that are there already, and in the log, which begins anew in the same file. */
const BIG = 2 ** 20;
const EXPECTED = new Set(["STORE_FULL", "STORE_FAILED", "FILE_UNWRITABLE"]);

/**
 * A server whose disk is full: calls get coded errors, a live run waits and tells nothing that is not stored, and all goes on when there is
 * room again; what was told is whole afterwards.
 * @param diskOf makes the disk in a folder; undefined where this machine cannot.
 */
export async function proveDiskFull(
  diskOf: (folder: string) => FullDisk | undefined,
): Promise<DiskFullReport | undefined> {
  const home = mkdtempSync(join(tmpdir(), "parlando-full-"));
  const data = join(home, "data");
  mkdirSync(data);
  const disk = diskOf(data);
  if (!disk) {
    rmSync(home, { recursive: true });
    return undefined;
  }
  const config = { store: { path: "data" }, plugins: [testPlugin("spoken-numbers")], limits: { lateMs: 1000 } };
  const server = await ServerProcess.start({ folder: home, config, before: SURVIVES_LIMITS });
  const faults: string[] = [];
  const codes: string[] = [];
  try {
    await fillAndFree(new Parlando({ url: server.url }), server, disk, codes, faults);
    await server.stop("SIGKILL");
    faults.push(...wholeness(join(data, "parlando.sqlite")));
  } finally {
    await server.stop("SIGKILL");
    disk.close();
    rmSync(home, { recursive: true, force: true });
  }
  return { kind: disk.kind, codes, faults };
}

async function fillAndFree(
  client: Parlando,
  server: ServerProcess,
  disk: FullDisk,
  codes: string[],
  faults: string[],
): Promise<void> {
  await client.workflows.save("numbers", NUMBERS);
  const live = await client.start({ workflow: "numbers", inputs: { talk: LIVE } });
  const finals: string[] = [];
  const first = Promise.withResolvers<void>();
  live.on("event", (event) => {
    if (event.type !== "text.final") return;
    finals.push(event.data.text);
    if (finals.length === 2) first.resolve();
  });
  live.send("talk", bytesOf(spoken([1, 2])));
  await first.promise;

  disk.fill(server);
  const calls: (() => Promise<unknown>)[] = [
    () => client.runs.start({ workflow: { text: `${NUMBERS}# ${"x".repeat(BIG * 0.9)}\n` }, inputs: { talk: LIVE } }),
    () => client.uploads.create(new Uint8Array(BIG)),
    () =>
      client.workflows.save(
        "numbers",
        NUMBERS.replace("name: numbers", `name: numbers\ndescription: ${"x".repeat(100_000)}`),
      ),
  ];
  for (const call of calls) codes.push(await codeOf(call));
  for (const code of codes) if (!EXPECTED.has(code)) faults.push(`a call without room was answered with ${code}`);
  live.send("talk", bytesOf(spoken([3, 4])));
  // a call that only reads goes on meanwhile, and gives the finals time to come where they must not
  for (let look = 0; look < 10; look++) {
    await client.runs.get(live.runId);
    await Bun.sleep(50);
  }
  const stored = (await client.runs.transcript(live.runId, "txt")).trim().split(/\s+/).length;
  if (finals.length > stored) faults.push(`${finals.length} finals were told, and ${stored} are stored`);

  disk.free(server);
  live.send("talk", bytesOf(spoken([5])));
  live.end();
  await live.done;
  if (finals.join(" ") !== "1 2 3 4 5") faults.push(`finals were ${finals.join(" ")}`);
  const code = await codeOf(async () =>
    client.runs.cancel((await client.runs.start({ workflow: "numbers", inputs: { talk: LIVE } })).id),
  );
  if (code !== "") faults.push(`with room again a start is answered with ${code}`);
  if (server.status !== null) faults.push(`the server ended with ${server.status}`);
}

/** Empty where it succeeds. */
async function codeOf(call: () => Promise<unknown>): Promise<string> {
  try {
    await call();
    return "";
  } catch (error) {
    return error instanceof EngineError ? error.code : String(error);
  }
}

function wholeness(file: string): string[] {
  const database = new Database(file);
  try {
    const rows = database.query("pragma integrity_check").all() as { integrity_check: string }[];
    return rows.map((row) => row.integrity_check).filter((said) => said !== "ok");
  } finally {
    database.close();
  }
}
