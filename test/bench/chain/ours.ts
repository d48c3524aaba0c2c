import { NodeTypes } from "#engine/plugin";
import { newHousehold, Run, SystemClock } from "#engine/runtime";
import { cpuNanos, type Question, serve } from "../harness/serve.ts";
import { chainPlugin, type Traffic } from "./nodes.ts";
import { planChain } from "./plan.ts";

/** Asked of this program: so many runs of six inline nodes, with calls or with queues between them. */
export interface ChainQuestion extends Question {
  readonly ask: "inline" | "queued";
  readonly runs: number;
  readonly framesPerRun: number;
}

let traffic: Traffic;
const types = new NodeTypes([chainPlugin(() => traffic)]);
const plans = { inline: await planChain("inline", types), queued: await planChain("queued", types) };
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
