import { NodeTypes } from "#engine/plugin";
import { newHousehold, Run, SystemClock } from "#engine/runtime";
import { type Plan, planWorkflow } from "#engine/workflow";
import { cpuNanos, type Question, serve } from "../harness/serve.ts";
import { chainPlugin, type Traffic } from "./nodes.ts";

/** Asked of this program: so many runs of six inline nodes, with calls or with queues between them. */
export interface ChainQuestion extends Question {
  readonly ask: "inline" | "queued";
  readonly runs: number;
  readonly framesPerRun: number;
}

const NODES = 6;
let traffic: Traffic;
const types = new NodeTypes([chainPlugin(() => traffic)]);

async function planFor(kind: ChainQuestion["ask"]): Promise<Plan> {
  const from = (id: string) => (kind === "inline" ? id : `{ from: ${id}, buffer: { ms: 2000 } }`);
  const ids = ["source", ...Array.from({ length: NODES }, (_, i) => `pass-${i}`), "sink"];
  const lines = ids.slice(1).map((id, i) => {
    const use = id === "sink" ? "bench.sink" : "bench.pass";
    return `  ${id}: { use: ${use}, from: ${from(ids[i]!)} }`;
  });
  const text = `parlando: 1\nname: chain\nlimits: { startMs: 60000, drainMs: 600000 }\nnodes:\n  source: { use: bench.source }\n${lines.join("\n")}\n`;
  const { plan, findings } = await planWorkflow(
    { text, name: "chain.yaml", dir: "/" },
    { types, purpose: "run", environment: {}, secret: () => undefined, cwd: "/" },
  );
  if (!plan) throw new Error(findings.map(({ message }) => message).join("; "));
  if (plan.edges.some(({ direct }) => direct !== (kind === "inline"))) throw new Error(`the plan is not ${kind}`);
  return plan;
}

const plans = { inline: await planFor("inline"), queued: await planFor("queued") };
const clock = new SystemClock();

/** Processor time for a frame from source to sink, in nanoseconds; starting and ending runs is not counted. */
async function measure({ ask, runs, framesPerRun }: ChainQuestion): Promise<number> {
  const begun = Promise.withResolvers<void>();
  const all = Promise.withResolvers<void>();
  const total = runs * framesPerRun;
  let arrived = 0;
  traffic = {
    begun: begun.promise,
    framesPerRun,
    arrived: () => {
      if (++arrived === total) all.resolve();
    },
  };
  const home = newHousehold();
  const started = Array.from({ length: runs }, (_, i) => new Run(plans[ask], { runId: `run-${i}`, clock }, home));
  while (started.some((run) => run.state === "starting")) await Bun.sleep(1);
  Bun.gc(true);
  const nanos = await cpuNanos(async () => {
    begun.resolve();
    await all.promise;
  });
  for (const report of await Promise.all(started.map((run) => run.done)))
    if (report.state !== "done" || report.imbalances.length > 0)
      throw new Error(`${report.runId}: ${report.error?.message ?? report.imbalances.join("; ")}`);
  return nanos / total;
}

await serve<ChainQuestion>(measure);
