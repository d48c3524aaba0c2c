import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { encodeWav } from "#engine/audio";
import { type EngineError, type Live, Parlando } from "#engine/client";
import { below, pick, type Random, seeded } from "../random.ts";
import { ServerProcess, testPlugin } from "../server-process.ts";
import { bytesOf, ECHOED, NUMBERS, PAUSE_MS, RATE_HZ, SPOKEN, spoken, UTTERANCE_MS } from "../spoken-numbers.ts";
import type { Reading } from "./readings.ts";

export interface ServedSoak {
  /** Real time, in ms. */
  readonly ms: number;
  readonly seed: number;
  /** Clients at once, each with one thing after another. */
  readonly clients: number;
  /** False: does not wait until connections that idle have been closed, and their descriptors with them. Default true. */
  readonly patient?: boolean;
  readonly say?: (text: string) => void;
}

export interface ServedSoakReport {
  /** What the clients did, by name. */
  readonly done: ReadonlyMap<string, number>;
  readonly faults: string[];
  /** Resident memory of the server, by minutes. */
  readonly memory: readonly Reading[];
  /** Before the first client and after the last: open descriptors, sockets, sessions and runs. */
  readonly before: Handles;
  readonly after: Handles;
  /** Of the server, as a share of one core. */
  readonly load: number;
}

interface Handles {
  readonly descriptors: number;
  readonly sockets: number;
  readonly sessions: number;
  readonly runs: number;
}

const CONFIG = {
  store: { path: "data" },
  plugins: [testPlugin("spoken-numbers"), testPlugin("spoken-letters")],
  limits: { resumeSeconds: 5, lateMs: 1000 },
  retention: { runs: 1, audio: 1 },
};
const LIVE = { live: { encoding: "s16le", sampleRateHz: RATE_HZ, channels: 1 } } as const;
const EACH_MS = UTTERANCE_MS + PAUSE_MS;
const FAILING = NUMBERS.replace("with: { ", "with: { fail: 4, ");
const BREAKING = FAILING.replace("fail: 4, ", "fail: 4, code: VENDOR_FAILED, ").replace(
  "from: vad, with",
  "from: vad, retry: { attempts: 2 }, with",
);
const READING_MS = 5000;

/** Mixed traffic with faults for a server in a process of its own, for as long as is said; then everything has to be gone. */
export async function soakServer({
  ms,
  seed,
  clients,
  patient = true,
  say = () => {},
}: ServedSoak): Promise<ServedSoakReport> {
  const folder = mkdtempSync(join(tmpdir(), "parlando-soak-"));
  const server = await ServerProcess.start({ folder, config: CONFIG });
  try {
    const client = new Parlando({ url: server.url });
    await client.workflows.save("numbers", NUMBERS);
    const done = new Map<string, number>();
    const faults: string[] = [];
    // connections of the first calls stay open for a while, and so belong to what there is before
    const before = await handles(server);
    const startedMs = performance.now();
    const cpuMs = server.cpuMs;
    const memory: Reading[] = [];
    const read = () => {
      const at = (performance.now() - startedMs) / 60_000;
      memory.push({ at, bytes: server.rssBytes });
      if (memory.length % 60 === 0)
        say(
          `${at.toFixed(0)} min: ${Math.round(server.rssBytes / 2 ** 20)} MiB, ${[...done.values()].reduce((a, b) => a + b, 0)} things done, ${faults.length} faults`,
        );
    };
    const timer = setInterval(read, Math.min(READING_MS, ms / 20));
    const one = async (number: number) => {
      const random = seeded(seed * 1009 + number);
      while (performance.now() - startedMs < ms && server.status === null) {
        const [name, thing] = pick(THINGS, random);
        try {
          await thing(client, random, server);
          done.set(name, (done.get(name) ?? 0) + 1);
        } catch (error) {
          faults.push(`${name}: ${error instanceof Error ? error.message : error}`);
          say(faults.at(-1)!);
        }
      }
    };
    await Promise.all(Array.from({ length: clients }, (_, number) => one(number)));
    clearInterval(timer);
    const load = (server.cpuMs - cpuMs) / (performance.now() - startedMs);
    const after = await settled(server, patient ? before.descriptors : Number.POSITIVE_INFINITY);
    if (server.status !== null) faults.push(`the server ended with ${server.status}: ${server.remarks.slice(-2000)}`);
    return { done, faults, memory, before, after, load };
  } finally {
    await server.stop("SIGKILL");
    rmSync(folder, { recursive: true, force: true });
  }
}

type Thing = (client: Parlando, random: Random, server: ServerProcess) => Promise<void>;

const THINGS: readonly (readonly [string, Thing])[] = [
  ["a talk to its end", (client, random) => talk(client, NUMBERS, 3 + below(30, random), {})],
  ["a talk that is translated", (client, random) => talk(client, ECHOED, 3 + below(20, random), {})],
  ["a talk that is spoken", (client, random) => talk(client, SPOKEN, 3 + below(20, random), {})],
  ["a talk that loses its connection", lossy],
  ["a talk that is cancelled", (client, random) => talk(client, NUMBERS, 10, { cancelAt: 1 + below(8, random) })],
  ["a talk that is drained", (client, random) => talk(client, ECHOED, 10, { drainAt: 1 + below(8, random) })],
  ["a talk that nobody ends", abandoned],
  ["a talk whose node fails", (client) => talk(client, FAILING, 6, { ends: "failed" })],
  ["a talk whose vendor fails", (client) => talk(client, BREAKING, 6, { ends: "failed" })],
  ["an upload", upload],
  ["a job", job],
  ["readers of events", readers],
  ["what is malformed", malformed],
];

interface Talk {
  readonly ends?: "failed";
  readonly cancelAt?: number;
  readonly drainAt?: number;
  /** The connection is lost half-way, without a word. */
  readonly lose?: () => void;
}

/** Says numbers at real-time pace. @throws Error where finals are not those numbers, once each and in order. */
async function talk(
  client: Parlando,
  workflow: string,
  count: number,
  { ends, cancelAt, drainAt, lose }: Talk,
): Promise<void> {
  const outputs = workflow === SPOKEN ? { audio: ["voice"] } : {};
  const live = await client.start({ workflow: { text: workflow }, inputs: { talk: LIVE } }, outputs);
  const finals: string[] = [];
  const hearing = hear(live, finals);
  let over = false;
  void hearing.then(() => {
    over = true;
  });
  for (let number = 1; number <= count && !over; number++) {
    const pcm = spoken([number]);
    for (let ms = 0; ms < EACH_MS && !over; ms += 100) {
      live.send("talk", bytesOf(pcm.subarray((ms * RATE_HZ) / 1000, ((ms + 100) * RATE_HZ) / 1000)));
      await Bun.sleep(100);
    }
    if (number === cancelAt) await client.runs.cancel(live.runId);
    if (number === drainAt) await client.runs.drain(live.runId);
    if (number === cancelAt || number === drainAt) break;
    if (number === count >> 1) lose?.();
  }
  if (!over) live.end();
  const state = await hearing;
  if (cancelAt !== undefined) return;
  if (ends !== undefined) {
    if (state !== ends) throw new Error(`it ended as ${state}, not as ${ends}`);
    return;
  }
  if (state !== "done") throw new Error(`it ended as ${state}`);
  const heard = finals.filter((text) => !text.startsWith("e")).join(" ");
  const wanted = Array.from({ length: drainAt ?? count }, (_, i) => String(i + 1)).join(" ");
  if (heard !== wanted) throw new Error(`finals were ${heard}, wanted ${wanted}`);
}

/** A client whose sockets can be cut. */
async function lossy(_client: Parlando, random: Random, server: ServerProcess): Promise<void> {
  let last: WebSocket | undefined;
  const client = new Parlando({
    url: server.url,
    WebSocket: new Proxy(WebSocket, {
      construct(made, about: ConstructorParameters<typeof WebSocket>) {
        last = new made(...about);
        return last;
      },
    }),
  });
  await talk(client, NUMBERS, 6 + below(6, random), { lose: () => last?.terminate() });
}

async function hear(live: Live, finals: string[]): Promise<string> {
  let state = "without an end";
  try {
    for await (const event of live.events()) {
      if (event.type === "text.final") finals.push(event.data.text);
      if (event.type === "run.ended") state = event.data.state;
    }
  } catch (error) {
    state = (error as EngineError).code;
  }
  return state;
}

/** The sender goes without a word; the run ends by itself a while later. */
async function abandoned(client: Parlando): Promise<void> {
  const live = await client.start({ workflow: { text: NUMBERS }, inputs: { talk: LIVE } });
  await live.ready;
  live.send("talk", bytesOf(spoken([1, 2])));
  await Bun.sleep(500);
  live.close();
}

const WAV = encodeWav(spoken([1, 2, 3]), { sampleRateHz: RATE_HZ, channels: 1 });

async function upload(client: Parlando): Promise<void> {
  const { text } = await client.transcribe(Uint8Array.from(WAV), { workflow: "numbers" });
  if (text.trim().split(/\s+/).join(" ") !== "1 2 3") throw new Error(`the text was ${text}`);
  await Bun.sleep(1000);
}

async function job(client: Parlando): Promise<void> {
  const { id: upload } = await client.uploads.create(Uint8Array.from(WAV));
  const { id } = await client.call<{ id: string }>("POST", "/v1/jobs", {
    json: { workflow: "numbers", items: [{ upload }, { upload }] },
  });
  for (let look = 0; look < 100; look++) {
    const { state } = await client.call<{ state: string }>("GET", `/v1/jobs/${id}`);
    if (state !== "queued" && state !== "running") break;
    await Bun.sleep(200);
  }
  await client.uploads.delete(upload);
}

/** Several read one run and go in the middle of it. */
async function readers(client: Parlando): Promise<void> {
  const live = await client.start({ workflow: { text: NUMBERS }, inputs: { talk: LIVE } });
  await live.ready;
  const abort = new AbortController();
  const reading = Array.from({ length: 5 }, async () => {
    for await (const event of client.runs.events(live.runId, { signal: abort.signal }))
      if (event.type === "run.ended") return;
  });
  const finals: string[] = [];
  const hearing = hear(live, finals);
  live.send("talk", bytesOf(spoken([1, 2, 3])));
  await Bun.sleep(1000);
  abort.abort();
  await Promise.allSettled(reading);
  live.end();
  await hearing;
}

async function malformed(_client: Parlando, random: Random, server: ServerProcess): Promise<void> {
  const bodies = ["", "{", '{"workflow":1}', '{"workflow":"none"}', "x".repeat(5000)];
  for (let i = 0; i < 5; i++) {
    const answer = await fetch(`${server.url}/v1/runs`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: pick(bodies, random),
    });
    if (answer.status < 400 || answer.status >= 500) throw new Error(`it was answered with ${answer.status}`);
    await answer.arrayBuffer();
  }
  const socket = new WebSocket(`${server.url.replace("http", "ws")}/v1/stream`);
  await new Promise<void>((resolve) => {
    socket.onopen = () => socket.send("{");
    socket.onclose = () => resolve();
  });
  await Bun.sleep(1000);
}

async function handles(server: ServerProcess): Promise<Handles> {
  const text = await (await fetch(`${server.url}/metrics`)).text();
  const figure = (name: string) => Number(new RegExp(`^${name} (\\S+)$`, "m").exec(text)?.[1] ?? Number.NaN);
  const live = ["starting", "running", "draining"].map((state) => figure(`parlando_runs\\{state="${state}"\\}`));
  return {
    descriptors: server.descriptors(),
    sockets: figure("parlando_sockets_open"),
    sessions: figure("parlando_sessions"),
    runs: live.reduce((sum, count) => sum + (Number.isNaN(count) ? 0 : count), 0),
  };
}

/** Runs whose sender has gone end within `resumeSeconds`, idle connections within a minute: what remains then stays. */
async function settled(server: ServerProcess, descriptors: number): Promise<Handles> {
  for (let look = 0; ; look++) {
    const now = await handles(server);
    const gone = now.sockets === 0 && now.sessions === 0 && now.runs === 0 && now.descriptors <= descriptors;
    if (gone || look === 180 || server.status !== null) return now;
    await Bun.sleep(500);
  }
}
