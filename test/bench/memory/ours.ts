import { heapStats } from "bun:jsc";
import { z } from "zod";
import { defineNode } from "#engine/plugin";
import { VirtualClock } from "#engine/runtime";
import { randomFrom } from "#test/detector-signals";
import { type Question, serve } from "../harness/serve.ts";
import { framesOf, speechPcm } from "../harness/speech.ts";
import { LiveRuns } from "../path/live-runs.ts";
import { planText } from "../path/workflow.ts";

/** `perRun`: KiB that each of many live runs adds. `growth`: MiB in use, again and again over the second half of a time, as `Reading`s. */
export type MemoryQuestion =
  | (Question & { readonly ask: "perRun"; readonly runs: number; readonly ticks: number })
  | (Question & {
      readonly ask: "growth";
      readonly runs: number;
      readonly virtualS: number;
      /** Between two readings: any time from the first to the second of these. */
      readonly apartS: readonly [number, number];
      /** Of what is chosen by chance. */
      readonly seed: number;
    });

/** In the order of the names: resident, within the heap in use, within the heap free to be used again. KiB a run, or MiB. */
export interface Memory {
  readonly resident: number;
  readonly used: number;
  readonly free: number;
}

/** What a collection leaves, in MiB, and what was resident just before it, garbage and all. */
export interface Reading extends Memory {
  readonly found: number;
  /** Alive, after the collection. */
  readonly objects: number;
  /** Virtual seconds since the start. */
  readonly atS: number;
}

const FRAME_MS = 20;
/** Of the machine: the allocator gives pages back after a while. */
const SETTLE_MS = 2000;
/** The same for one of many readings: so often it is asked, so far apart, whether pages still go, until they do not twice. */
const LOOKS = 20;
const LOOK_MS = 50;
const ALIKE = 2;
const speech = framesOf(speechPcm());

/** Bytes, after what is not used any more was collected and given back to the system. */
async function bytes(): Promise<Memory> {
  for (const share of [0.75, 0.25]) {
    Bun.gc(true);
    await Bun.sleep(share * SETTLE_MS);
  }
  return left();
}

function left(): Memory {
  const { heapSize, heapCapacity } = heapStats();
  return { resident: process.memoryUsage.rss(), used: heapSize, free: heapCapacity - heapSize };
}

async function reading(atS: number): Promise<Reading> {
  const found = process.memoryUsage.rss() / 2 ** 20;
  Bun.gc(true);
  let resident = 0;
  for (let look = 0, alike = 0; look < LOOKS && alike < ALIKE; look++) {
    await Bun.sleep(LOOK_MS);
    const now = process.memoryUsage.rss();
    alike = now === resident ? alike + 1 : 0;
    resident = now;
  }
  return { ...scaled(left(), 2 ** 20), found, objects: heapStats().objectCount, atS };
}

const scaled = (of: Memory, by: number): Memory => ({
  resident: of.resident / by,
  used: of.used / by,
  free: of.free / by,
});

async function pushed(live: LiveRuns, ticks: number): Promise<void> {
  for (let tick = 0; tick < ticks; tick++) {
    live.push(speech, tick);
    await live.settled();
  }
}

async function perRun(runs: number, ticks: number): Promise<Memory> {
  const first = new LiveRuns(); // whatever is made once for all of them
  await first.start(100);
  await pushed(first, ticks);
  await first.end();
  const before = await bytes();
  const live = new LiveRuns();
  await live.start(runs);
  await pushed(live, ticks);
  const after = await bytes();
  const grown: Memory = {
    resident: after.resident - before.resident,
    used: after.used - before.used,
    free: after.free - before.free,
  };
  await live.end();
  return scaled(grown, 1024 * runs);
}

/** Takes a frame of audio in twice the time that it lasts. */
const slowReader = defineNode({
  type: "bench.slow",
  summary: "Reads audio at half its speed.",
  role: "sink",
  shape: "task",
  inputs: { audio: { kinds: ["speech", "audio"] } },
  outputs: {},
  config: z.strictObject({}),
  create: (_config, ctx) => ({
    async run(input, _emit, signal) {
      for await (const frame of input) if (frame.kind === "audio") await ctx.clock.sleep(2 * FRAME_MS, signal);
    },
  }),
});

const SLOW = `parlando: 1
name: slow
inputs: { talk: { kind: audio } }
limits: { startMs: 120000, idleMs: 36000000, drainMs: 600000 }
nodes:
  vad: { use: webrtc.vad, from: inputs.talk }
  slow: { use: bench.slow, from: { from: vad, buffer: { ms: 1000, whenFull: dropOldest } } }
`;

const ticksOf = (seconds: number): number => Math.round((seconds * 1000) / FRAME_MS);

type GrowthQuestion = Extract<MemoryQuestion, { ask: "growth" }>;

/**
 * Time passes as fast as there is nothing to do; a frame for each run every 20 ms of it. Readings in a beat of their own would follow the collector's
 * now closely and now not, for minutes, and resemble each other; those at any time do not. Those of the first half, which count for nothing, come as
 * often as the others: how often the collector is called decides how much room it leaves, and it is slow to get used to another beat.
 */
async function growth({ runs, virtualS, apartS: [least, most], seed }: GrowthQuestion): Promise<Reading[]> {
  const clock = new VirtualClock();
  let goOn = clock.hold(); // or it would jump ahead while runs start
  const live = new LiveRuns((source) => planText(SLOW, source, [slowReader]), clock);
  await live.start(runs);
  const seen: Reading[] = [];
  const ticks = ticksOf(virtualS);
  const random = randomFrom(seed);
  const apart = () => ticksOf(least + random() * (most - least));
  let due = apart();
  await new Promise<void>((resolve, reject) => {
    let tick = 0;
    const next = async (): Promise<void> => {
      live.push(speech, tick++);
      if (tick >= due) {
        goOn = clock.hold();
        const now = await reading((tick * FRAME_MS) / 1000);
        if (tick > ticks / 2) seen.push(now);
        due = tick + apart();
        goOn();
      }
      if (tick === ticks) resolve();
      else clock.after(FRAME_MS, () => void next().catch(reject));
    };
    clock.after(FRAME_MS, () => void next().catch(reject));
    goOn();
  });
  const reports = await live.end();
  const dropped = reports.map(({ edges }) =>
    edges.reduce((sum, { dropped: { full } }) => sum + (full?.frames ?? 0), 0),
  );
  if (dropped.some((count) => count < ticks / 10)) throw new Error("a reader at half speed was not too slow");
  return seen;
}

await serve<MemoryQuestion>((question) =>
  question.ask === "perRun" ? perRun(question.runs, question.ticks) : growth(question),
);
