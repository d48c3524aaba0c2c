import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cpuMsOf, ServerProcess } from "#test/server-process";
import { RATE_HZ, SAMPLES, speechPcm } from "./harness/speech.ts";
import { pinned, quantile } from "./measure.ts";
import type { Benchmark, Measurement } from "./measurement.ts";
import { climb, levelText } from "./server/climb.ts";
import { Load, type LoadOptions } from "./server/load.ts";

/** The server has one core for itself, the clients and this program the other. */
const SERVER_CORE = 1;
const CLIENT_CORE = 0;
/** Where the search begins, and how fine it is; the bare server is searched in larger steps while its chunks are young. */
const FROM = 750;
const STEP = 250;
const WIDE_STEP = 500;
const YOUNG_MS = 5;

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

const loadOf = (port: number, pcm: string): LoadOptions => ({
  port,
  path: "/v1/stream",
  hello: HELLO,
  pcm,
  chunkSamples: SAMPLES,
  core: CLIENT_CORE,
});

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
      const load = loadOf(server.port, pcm);
      const step = () => STEP;
      const most = await climb({ name: "ours", load, cpuMs: () => server.cpuMs, from: FROM, step, say });
      if (!most) throw new Error("no number of sockets was young enough");
      every = Math.max(1, Math.round(most.chunks / most.messages));
      found.push({
        key: "server.sockets",
        value: most.sockets,
        unit: "",
        goal: { op: ">=", value: 1500 },
        note: levelText(most),
      });
      found.push({ key: "server.cpuPerChunk", value: most.cpuPerChunk, unit: "µs" });
    } finally {
      await server.stop("SIGKILL");
    }
    const bare = await startBare(every);
    try {
      const load = loadOf(bare.port, pcm);
      const step = ({ ageP99Ms }: { ageP99Ms: number }) => (ageP99Ms < YOUNG_MS ? WIDE_STEP : STEP);
      const most = await climb({ name: "bare", load, cpuMs: () => cpuMsOf(bare.child.pid), from: FROM, step, say });
      const ours = found.find(({ key }) => key === "server.sockets")!.value;
      if (most)
        found.push({
          key: "server.vsBare",
          value: ours / most.sockets,
          unit: "",
          goal: { op: ">=", value: 0.5 },
          note: levelText(most),
        });
    } finally {
      bare.child.kill("SIGKILL");
      await bare.child.exited;
    }
    rmSync(folder, { recursive: true });
    return found;
  },
} satisfies Benchmark;
