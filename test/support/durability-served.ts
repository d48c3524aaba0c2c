import { encodeWav } from "#engine/audio";
import { type Live, Parlando } from "#engine/client";
import { Store, type StoreOptions } from "#engine/store";
import { ServerProcess, testPlugin } from "./server-process.ts";
import { bytesOf, ECHOED, PAUSE_MS, RATE_HZ, spoken, UTTERANCE_MS } from "./spoken-numbers.ts";

export interface ServedDurability {
  readonly store: StoreOptions;
  readonly runs: number;
  readonly kills: number;
  /** Utterances of each run. */
  readonly numbers: number;
  /** Of real time. */
  readonly speed: number;
  /** From 0 to below 1. */
  readonly random: () => number;
  /** How long a process lives at most before it is killed. */
  readonly lifeMs: number;
  /** It is not killed but asked to end, within so many seconds, with runs beside the others whose node neither listens nor ends. */
  readonly drainSeconds?: number;
  /** What a drain may take beyond `drainSeconds`: it closes sockets and the store. Default 8000. */
  readonly closingMs?: number;
}

export interface ServedDurabilityReport {
  readonly kills: number;
  readonly finals: number;
  /** Sentences that say what was lost, doubled or did not go on; empty when all is well. */
  readonly faults: readonly string[];
}

/** Clients that were away send all that they hold at once, and every answer takes its time: more of it than 5 s after the last chunk. */
const PATIENT = `${ECHOED}limits: { drainMs: 120000 }\n`;
const CHUNK_MS = 100;
const EACH_MS = UTTERANCE_MS + PAUSE_MS;
/** Each run begins this much after the one before it. */
const APART_MS = 37;
/** Answers come while the next utterances are being heard. */
const DELAY_MS = 600;
/** So long a client goes on looking for the server. */
const PATIENCE_MS = 600_000;
/** How often a start is tried while the server is down. */
const AGAIN_MS = 200;

/** What the far end of one run has heard. */
interface Heard {
  id?: string;
  ended?: string;
  readonly finals: string[];
  readonly events: Set<number>;
}

/**
 * Live runs over WebSockets, with clients that join again by themselves, to a process of `parlando serve` that is killed at random moments
 * and started again: each final is told once, in order, and is in the store. A job goes on beside them.
 */
export async function proveServedDurability(options: ServedDurability): Promise<ServedDurabilityReport> {
  const { store, runs, numbers } = options;
  const config = {
    store: { path: ".", ...(store.url !== undefined && { url: store.url }) },
    plugins: [testPlugin("spoken-numbers"), testPlugin("soak/talker")],
    limits: { lateMs: 1000, resumeSeconds: 60, drainSeconds: options.drainSeconds ?? 20 },
  };
  let server = await ServerProcess.start({ folder: store.folder, config });
  const { port } = server;
  const client = new Parlando({ url: server.url });
  await client.workflows.save("numbers", PATIENT);
  const job = await startJob(client);
  const heard = Array.from({ length: runs }, (): Heard => ({ finals: [], events: new Set() }));
  const faults: string[] = [];
  let open = true;
  const conversing = heard.map((one, index) =>
    converse(client, one, index, options, faults).catch(
      (error: unknown) => void faults.push(`client ${index} failed: ${error instanceof Error ? error.message : error}`),
    ),
  );
  const all = Promise.all(conversing).finally(() => {
    open = false;
  });
  let kills = 0;
  while (kills < options.kills && open) {
    await Promise.race([Bun.sleep(options.random() * options.lifeMs), all]);
    if (!open) break;
    if (server.status !== null)
      faults.push(`a process ended by itself with ${server.status}: ${server.remarks.slice(-500)}`);
    if (options.drainSeconds === undefined) await server.stop("SIGKILL");
    else faults.push(...(await drained(server, client, options.drainSeconds, options.closingMs)));
    kills++;
    server = await ServerProcess.start({ folder: store.folder, config, port });
  }
  await all;
  const left = await jobLeft(client, job);
  if (left !== "") faults.push(`the job: ${left}`);
  await server.stop("SIGTERM");
  const wanted = Array.from({ length: numbers }, (_, i) => String(i + 1)).join(" ");
  for (const [run, one] of heard.entries()) check(run, one, wanted, faults);
  faults.push(...(await compareWithStore(store, heard)));
  return { kills, finals: heard.reduce((sum, { finals }) => sum + finals.length, 0), faults };
}

const HANGING = `parlando: 1
name: hanging
nodes:
  talker: { use: soak.talker, with: { seconds: 3600 } }
  sleeper: { use: soak.sleeper, from: talker, with: { deaf: true } }
`;

async function drained(server: ServerProcess, client: Parlando, seconds: number, closingMs = 8000): Promise<string[]> {
  await client.runs.start({ workflow: { text: HANGING } });
  const askedMs = performance.now();
  const status = await server.stop("SIGTERM");
  const tookMs = performance.now() - askedMs;
  const faults: string[] = [];
  if (tookMs > seconds * 1000 + closingMs) faults.push(`a drain took ${Math.round(tookMs)} ms`);
  if (status !== 0) faults.push(`a drain ended with ${status}: ${server.remarks.slice(-500)}`);
  return faults;
}

async function converse(
  client: Parlando,
  heard: Heard,
  index: number,
  { numbers, speed }: ServedDurability,
  faults: string[],
): Promise<void> {
  await Bun.sleep((index * APART_MS) / speed);
  const live = await started(client, `durable-${index}`, speed);
  heard.id = live.runId;
  const hearing = (async () => {
    for await (const { id, type, data } of live.events()) {
      if (id === undefined) continue;
      if (heard.events.has(id)) faults.push(`${live.runId}: event ${id} came twice`);
      heard.events.add(id);
      if (type === "text.final") heard.finals.push(data.text);
      if (type === "run.ended") heard.ended = data.state;
    }
  })();
  const begunMs = performance.now();
  const audio = spoken(Array.from({ length: numbers }, (_, i) => i + 1));
  for (let ms = 0; ms < numbers * EACH_MS; ms += CHUNK_MS) {
    live.send("talk", bytesOf(audio.subarray((ms * RATE_HZ) / 1000, ((ms + CHUNK_MS) * RATE_HZ) / 1000)));
    await Bun.sleep(Math.max(0, begunMs + (ms + CHUNK_MS) / speed - performance.now()));
  }
  live.end();
  await hearing;
}

/** The same key is the same run, however often it is asked for. */
async function started(client: Parlando, idempotencyKey: string, speed: number): Promise<Live> {
  const live = { encoding: "s16le", sampleRateHz: RATE_HZ, channels: 1 } as const;
  const delayMs = Math.round(DELAY_MS / speed);
  const request = { workflow: "numbers", inputs: { talk: { live } }, params: { delayMs, echoMs: delayMs } };
  // of a server that is asked to end every few seconds a client may see nothing but refusals for a while
  const options = { idempotencyKey, reconnectMs: PATIENCE_MS };
  for (let attempt = 0; ; attempt++) {
    try {
      return await client.start(request, options);
    } catch (error) {
      if (attempt === 300) throw error;
      await Bun.sleep(AGAIN_MS);
    }
  }
}

const ITEMS = 12;

/** A job that takes several lives of the process: an item after the other, and each takes a while. */
async function startJob(client: Parlando): Promise<string> {
  const wav = encodeWav(spoken([7, 8]), { sampleRateHz: RATE_HZ, channels: 1 });
  const { id: upload } = await client.uploads.create(Uint8Array.from(wav));
  const items = Array.from({ length: ITEMS }, () => ({ upload }));
  const json = { workflow: "numbers", items, concurrency: 1, params: { delayMs: 100 } };
  return (await client.call<{ id: string }>("POST", "/v1/jobs", { json })).id;
}

/** @returns what of it did not go on, empty where all has come to its end. */
async function jobLeft(client: Parlando, id: string): Promise<string> {
  for (let look = 0; ; look++) {
    const { state, counts } = await client.call<{ state: string; counts?: unknown }>("GET", `/v1/jobs/${id}`);
    if (state === "done") return "";
    if (look === 150 || (state !== "queued" && state !== "running")) return `${state} ${JSON.stringify(counts)}`;
    await Bun.sleep(AGAIN_MS);
  }
}

function check(run: number, { id, finals, ended }: Heard, wanted: string, faults: string[]): void {
  const echoes = finals.filter((text) => text.startsWith("e")).map((text) => text.slice(1));
  const words = finals.filter((text) => !text.startsWith("e"));
  if (words.join(" ") !== wanted) faults.push(`run ${run} (${id}): finals ${words.join(" ")}`);
  if (echoes.join(" ") !== wanted) faults.push(`run ${run} (${id}): finals made from them ${echoes.join(" ")}`);
  if (ended !== "done") faults.push(`run ${run} (${id}) ended as ${ended}`);
}

async function compareWithStore(options: StoreOptions, heard: readonly Heard[]): Promise<string[]> {
  const store = await Store.open(options);
  try {
    const faults: string[] = [];
    for (const { id, finals } of heard) {
      if (id === undefined) continue;
      const stored = (await store.read((from) => from.journal.finals(id))).map((row) => row.text).join(" ");
      if (stored !== finals.join(" ")) faults.push(`${id}: told ${finals.join(" ")}, stored ${stored}`);
    }
    return faults;
  } finally {
    await store.close();
  }
}
