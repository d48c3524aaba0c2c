import { heapStats } from "bun:jsc";
import { join } from "node:path";
import { type Frame, NodeTypes } from "#engine/plugin";
import { newHousehold, Run, SystemClock } from "#engine/runtime";
import { planWorkflow } from "#engine/workflow";
import aliyun from "#plugins/aliyun";
import core from "#plugins/core";
import { MeasuringProgram, ownProgram } from "../harness/program.ts";
import {
  ACCESS,
  residentBytes,
  SENTENCE_MS,
  type ServiceAnswer,
  type ServiceQuestion,
  sentenceFrames,
} from "./conversation.ts";
import { Beat, talker } from "./talker.ts";

const frames = await sentenceFrames();
const household = newHousehold();
const types = new NodeTypes([core, aliyun]);
await using service = new MeasuringProgram<ServiceQuestion, ServiceAnswer>(
  ownProgram(join(import.meta.dir, "service.ts")),
  { core: 0 },
);
const { url } = await service.ask({ ask: "open" });
const workflow = `
parlando: 1
name: recognise
inputs: { talk: { kind: audio } }
nodes:
  asr:
    use: aliyun.asr
    from: inputs.talk
    with: { url: "${url}", appkey: ${ACCESS.appkey}, token: "\${secret:token}", sentences: whole }
outputs: { texts: [asr.partial, asr.final] }
limits: { startMs: 60000, drainMs: 60000 }
`;
async function round(n: number, look?: (n: number) => Promise<void>) {
  const { plan, findings } = await planWorkflow(
    { text: workflow, name: "vendors.yaml", dir: "/" },
    {
      types,
      purpose: "run",
      bindings: { talk: { definition: talker(frames, new Beat(frames, 1)), config: {} } },
      environment: {},
      secret: () => ACCESS.token,
      cwd: "/",
    },
  );
  if (!plan) throw new Error(JSON.stringify(findings));
  const all = Promise.all(
    Array.from({ length: n }, async (_, i) => {
      const run = new Run(
        plan,
        { runId: `run-${i}`, clock: new SystemClock(), onOutput: (_o: string, f: Frame) => void f },
        household,
      );
      const r = await run.done;
      if (r.state !== "done") console.log(r.error?.message);
    }),
  );
  await Bun.sleep(SENTENCE_MS * 0.7);
  await look?.(n);
  await all;
}
const counts = new Map<number, Record<string, number>>();
const sizes: Record<string, unknown>[] = [];
const look = async (n: number) => {
  Bun.gc(true);
  await Bun.sleep(200);
  const s = heapStats();
  counts.set(n, { ...s.objectTypeCounts });
  sizes.push({
    n,
    heap: s.heapSize,
    extra: s.extraMemorySize,
    cap: s.heapCapacity,
    rss: await residentBytes("self"),
    objects: s.objectCount,
    protectedC: s.protectedObjectCount,
  });
};
for (let i = 0; i < 6; i++) await round(50);
await round(50, look);
await round(500, look);
await round(50, look);
await round(500, look);
const [a, b] = [counts.get(50)!, counts.get(500)!];
const rows = Object.keys(b)
  .map((k) => [k, (b[k]! - (a[k] ?? 0)) / 450] as const)
  .filter(([, v]) => v >= 0.5)
  .sort((x, y) => y[1] - x[1]);
for (const [k, v] of rows) console.log(v.toFixed(1).padStart(8), k);
for (const s of sizes) console.log(JSON.stringify(s));
const d = (k: string) => [0, 2].map((i) => ((sizes[i + 1]![k] as number) - (sizes[i]![k] as number)) / 450);
console.log("heap each", d("heap"), "extra each", d("extra"), "rss each", d("rss"), "objects each", d("objects"));
if (process.argv[2]) {
  await round(500, async () => {
    Bun.gc(true);
    await Bun.write(
      process.argv[2]!,
      (Bun.generateHeapSnapshot("jsc") as never) ? JSON.stringify(Bun.generateHeapSnapshot("jsc")) : "",
    );
  });
}
await service[Symbol.asyncDispose]?.();
process.exit(0);
