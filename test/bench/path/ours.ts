import { newHousehold, Run, SystemClock } from "#engine/runtime";
import { cpuNanos, type Question, serve } from "../harness/serve.ts";
import { framesOf, RATE_HZ, SAMPLES, STRIDE, speechPcm } from "../harness/speech.ts";
import { openRawC, type RawC } from "../peers/raw-c/peer.ts";
import { LiveRuns } from "./live-runs.ts";
import { type Flood, floodSource, planPath, received } from "./workflow.ts";

/**
 * `live`: a frame for each of many runs at a time, each time until nothing is left to do. `raw`: the detector alone in C on the same frames.
 * `one`: one run, as fast as there is room. `end`: ends the live runs and tells how many samples the detectors gated, of a thousand.
 */
export interface PathQuestion extends Question {
  readonly ask: "live" | "raw" | "one" | "end";
  readonly runs: number;
  readonly ticks: number;
}

const MODE = 3;
const pcm = speechPcm();
const frames = framesOf(pcm);
let raw: RawC | undefined;
let live: LiveRuns | undefined;
const ticksDone = { live: 0, raw: 0 };

async function measureLive({ runs, ticks }: PathQuestion): Promise<number> {
  if (!live) {
    live = new LiveRuns();
    await live.start(runs);
  }
  const all = live;
  const first = ticksDone.live;
  ticksDone.live += ticks;
  const nanos = await cpuNanos(async () => {
    for (let tick = first; tick < first + ticks; tick++) {
      all.push(frames, tick);
      await all.settled();
    }
  });
  return nanos / (runs * ticks);
}

async function measureRaw({ runs, ticks }: PathQuestion): Promise<number> {
  raw ??= openRawC();
  const opened = raw;
  if (ticksDone.raw === 0) opened.open(runs, MODE);
  const first = ticksDone.raw;
  ticksDone.raw += ticks;
  const nanos = await cpuNanos(() => opened.run(pcm, SAMPLES, RATE_HZ, STRIDE, first, ticks));
  return nanos / (runs * ticks);
}

let flood: Flood;
const plan = await planPath(floodSource(() => flood));

async function measureOne({ ticks }: PathQuestion): Promise<number> {
  const begun = Promise.withResolvers<void>();
  flood = { frames, count: ticks, begun: begun.promise };
  const run = new Run(plan, { runId: "run", clock: new SystemClock(), onEvent: () => {} }, newHousehold());
  while (run.state === "starting") await Bun.sleep(1);
  const nanos = await cpuNanos(async () => {
    begun.resolve();
    const report = await run.done;
    if (report.state !== "done" || report.imbalances.length > 0)
      throw new Error(report.error?.message ?? report.imbalances.join("; "));
  });
  return nanos / ticks;
}

async function end(): Promise<number> {
  const reports = (await live?.end()) ?? [];
  const detectors = reports.flatMap(({ nodes }) => nodes.filter(({ type }) => type === "webrtc.vad"));
  const samples = detectors.reduce((sum, node) => sum + node.in.samples, 0);
  const gated = detectors.reduce((sum, node) => sum + node.gated, 0);
  if (received.finals === 0) throw new Error("nothing was recognised");
  live = undefined;
  return (1000 * gated) / samples;
}

const answers = { live: measureLive, raw: measureRaw, one: measureOne, end };
await serve<PathQuestion>((question) => answers[question.ask](question));
