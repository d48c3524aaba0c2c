import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ServerProcess } from "#test/server-process";
import { RATE_HZ, SAMPLES, speechPcm } from "./harness/speech.ts";
import { pinned, quantile } from "./measure.ts";
import type { Benchmark, Measurement } from "./measurement.ts";
import { Load, type Reading } from "./server/load.ts";

/** The server has one core for itself, the clients and this program the other. */
const SERVER_CORE = 1;
const CLIENT_CORE = 0;
const MOST_AGE_MS = 20;
/** Three readings at each number of sockets; the one in the middle counts, for one long turn of a compiler is no limit of the server. */
const READINGS = 3;
const READING_MS = 4000;
/** Until what is called often is compiled, on the same core, with so few sockets that there is room for it. */
const WARM_UP_MS = 12_000;
const WARM_UP_SOCKETS = 400;
const SETTLE_MS = 4000;

const DETECT = `parlando: 1
name: detect
inputs: { talk: { kind: audio } }
nodes:
  vad: { use: webrtc.vad, from: inputs.talk }
outputs: { marks: vad }
`;

const TELL = `parlando: 1
name: tell
params: { events: { type: integer, default: 1000 }, waitMs: { type: integer, default: 0 } }
nodes:
  source: { use: talkative.source, with: { events: "\${params.events}", waitMs: "\${params.waitMs}" } }
outputs: { told: source }
`;

const CONFIG = {
  store: { path: "data" },
  plugins: [join(import.meta.dir, "server/talkative.ts")],
  limits: { runs: 20_000, lateMs: 1000 },
};
const LIVE = { live: { encoding: "s16le", sampleRateHz: RATE_HZ, channels: 1 } };
const HELLO = { type: "start", sends: true, run: { workflow: "detect", inputs: { talk: LIVE } } };

/** Whether programs may go before whatever else this machine does. */
const mayPrefer = Bun.which("chrt") !== null && Bun.which("setsid") !== null && process.getuid?.() === 0;

/**
 * On a core of its own, in a session of its own, and as an ordinary process whatever started this one: under a real-time policy each thread
 * of the runtime, its compiler and its collector, would keep that core for a whole turn of 100 ms.
 */
const measured = (command: readonly string[]): string[] =>
  pinned([...(mayPrefer ? ["setsid", "chrt", "-o", "0", "nice", "-n", "-20"] : []), ...command], SERVER_CORE);

/** Its session goes before others on that core. */
function prefer(pid: number): void {
  const group = `/proc/${pid}/autogroup`;
  if (mayPrefer && existsSync(group)) writeFileSync(group, "-20");
}

async function startServer(folder: string): Promise<ServerProcess> {
  const server = await ServerProcess.start({ folder, config: CONFIG, before: measured([]) });
  prefer(server.pid);
  for (const [name, text] of [
    ["detect", DETECT],
    ["tell", TELL],
  ] as const) {
    const body = JSON.stringify({ text });
    const headers = { "content-type": "application/json" };
    const answer = await fetch(`${server.url}/v1/workflows/${name}`, { method: "PUT", headers, body });
    if (!answer.ok) throw new Error(`${name}: ${answer.status} ${await answer.text()}`);
  }
  return server;
}

interface Level extends Reading {
  /** Of the server, in µs. */
  readonly cpuPerChunk: number;
}

interface Target {
  readonly name: string;
  readonly port: number;
  readonly cpuMs: () => number;
}

/** Sockets are added until chunks are too old, or sockets are refused. @returns what was measured at each number of them. */
async function climb(target: Target, pcm: string, from: number, step: number, say: (text: string) => void) {
  await using load = new Load({
    port: target.port,
    path: "/v1/stream",
    hello: HELLO,
    pcm,
    chunkSamples: SAMPLES,
    core: CLIENT_CORE,
  });
  const levels: Level[] = [];
  await load.open(WARM_UP_SOCKETS);
  await load.measure(WARM_UP_MS);
  for (let add = from - WARM_UP_SOCKETS; ; add = step) {
    const { refused } = await load.open(add);
    await load.measure(SETTLE_MS);
    const readings: Level[] = [];
    for (let i = 0; i < READINGS; i++) {
      const cpuMs = target.cpuMs();
      const reading = await load.measure(READING_MS);
      readings.push({ ...reading, cpuPerChunk: ((target.cpuMs() - cpuMs) * 1000) / reading.chunks });
    }
    const level = readings.sort((a, b) => a.ageP99Ms - b.ageP99Ms)[READINGS >> 1]!;
    levels.push(level);
    say(`server: ${target.name}: ${text(level)}`);
    if (refused > 0 || level.closed > 0 || level.ageP99Ms > MOST_AGE_MS) return levels;
  }
}

const text = (level: Level) =>
  `${level.sockets} sockets, p50 ${level.ageP50Ms} ms, p99 ${level.ageP99Ms} ms of ${level.ages}, ${level.cpuPerChunk.toFixed(2)} µs a chunk, ${(level.messages / level.seconds).toFixed(0)} messages/s, clients late by ${level.lateP99Ms} ms${level.closed ? `, ${level.closed} closed` : ""}`;

const best = (levels: readonly Level[]): Level | undefined =>
  levels.filter((level) => level.ageP99Ms <= MOST_AGE_MS && level.ageP99Ms >= 0 && level.closed === 0).at(-1);

async function startBare(every: number) {
  const child = Bun.spawn(measured([process.execPath, join(import.meta.dir, "server/bare.ts"), `${every}`]), {
    stdout: "pipe",
  });
  prefer(child.pid);
  const reader = child.stdout.getReader();
  const { value } = await reader.read();
  const port = Number(/:(\d+)\//.exec(new TextDecoder().decode(value))?.[1]);
  return { child, port };
}

/** ms that each of so many starts took, one after the other. */
async function starts(url: string, count: number): Promise<number[]> {
  const times: number[] = [];
  const body = JSON.stringify({ workflow: "detect", inputs: { talk: LIVE } });
  const headers = { "content-type": "application/json" };
  for (let i = 0; i < count; i++) {
    const startedMs = performance.now();
    const answer = await fetch(`${url}/v1/runs`, { method: "POST", headers, body });
    const { id } = (await answer.json()) as { id: string };
    times.push(performance.now() - startedMs);
    if (answer.status !== 201) throw new Error(`a start was answered with ${answer.status}`);
    if (i % 2) await fetch(`${url}/v1/runs/${id}/cancel`, { method: "POST" });
    await Bun.sleep(5);
  }
  return times;
}

const READERS = 100;
const EVENTS = 2000;

async function fanOut(server: ServerProcess): Promise<number> {
  const headers = { "content-type": "application/json" };
  const body = JSON.stringify({ workflow: "tell", params: { events: EVENTS, waitMs: 2000 } });
  const { id } = (await (await fetch(`${server.url}/v1/runs`, { method: "POST", headers, body })).json()) as {
    id: string;
  };
  const hello = { type: "attach", after: 0 };
  await using load = new Load({
    port: server.port,
    path: `/v1/runs/${id}/stream`,
    hello,
    chunkSamples: SAMPLES,
    core: CLIENT_CORE,
  });
  await load.open(READERS);
  // what comes before the first of them, such as the states of the run, comes long before
  await load.measure(1000);
  const { events, ms } = await load.await(READERS * EVENTS);
  if (events < READERS * EVENTS) throw new Error(`${events} events came of ${READERS * EVENTS}`);
  return (events * 1000) / ms;
}

export default {
  name: "server",
  summary:
    "live sockets through a detector to events on one core, beside a bare Bun.serve; starting runs; many readers",
  async run({ say }) {
    const folder = mkdtempSync(join(tmpdir(), "parlando-bench-"));
    const pcm = join(folder, "speech.pcm");
    await Bun.write(pcm, speechPcm());
    const found: Measurement[] = [];
    const server = await startServer(folder);
    let every = 32;
    try {
      await starts(server.url, 50);
      const times = await starts(server.url, 400);
      found.push({ key: "server.start.p50", value: quantile(times, 0.5), unit: "ms" });
      found.push({ key: "server.start.p99", value: quantile(times, 0.99), unit: "ms", goal: { op: "<=", value: 20 } });
      say(`server: start p50 ${quantile(times, 0.5).toFixed(2)} ms, p99 ${quantile(times, 0.99).toFixed(2)} ms`);
      const told = await fanOut(server);
      say(`server: ${Math.round(told)} events/s to ${READERS} readers`);
      found.push({ key: "server.events", value: told, unit: "1/s", note: `to ${READERS} readers, in all` });
      const levels = await climb({ name: "ours", port: server.port, cpuMs: () => server.cpuMs }, pcm, 1250, 250, say);
      const most = best(levels);
      if (!most) throw new Error("no number of sockets was young enough");
      every = Math.max(1, Math.round(most.chunks / most.messages));
      found.push({
        key: "server.sockets",
        value: most.sockets,
        unit: "",
        goal: { op: ">=", value: 1500 },
        note: text(most),
      });
      found.push({ key: "server.cpuPerChunk", value: most.cpuPerChunk, unit: "µs" });
    } finally {
      await server.stop("SIGKILL");
    }
    const bare = await startBare(every);
    try {
      const cpuMs = () => 0;
      const levels = await climb({ name: "bare", port: bare.port, cpuMs }, pcm, 1250, 250, say);
      const most = best(levels);
      const ours = found.find(({ key }) => key === "server.sockets")!.value;
      if (most)
        found.push({
          key: "server.vsBare",
          value: ours / most.sockets,
          unit: "",
          goal: { op: ">=", value: 0.5 },
          note: text(most),
        });
    } finally {
      bare.child.kill("SIGKILL");
      await bare.child.exited;
    }
    rmSync(folder, { recursive: true });
    return found;
  },
} satisfies Benchmark;
