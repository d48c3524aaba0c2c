import { type Frame, NodeTypes } from "#engine/plugin";
import { newHousehold, Run, SystemClock } from "#engine/runtime";
import { formatFinding, type Plan, planWorkflow } from "#engine/workflow";
import core from "#plugins/core";
import { serve } from "../harness/serve.ts";
import { VENDORS } from "./by-name.ts";
import {
  type ClientQuestion,
  nowMs,
  type Recognised,
  residentBytes,
  SENTENCE,
  SENTENCE_MS,
  sentenceFrames,
} from "./conversation.ts";
import { Beat, talker } from "./talker.ts";
import type { VendorName } from "./vendor.ts";

const frames = await sentenceFrames();
/** By the machine's clock. */
const SETTLE_MS = 100;
const LOOKS = 5;
const household = newHousehold();
const types = new NodeTypes([core, ...Object.values(VENDORS).map(({ plugin }) => plugin)]);

const workflow = (vendor: VendorName, url: string) => `
parlando: 1
name: recognise
inputs: { talk: { kind: audio } }
nodes:
  asr: { from: inputs.talk, ${VENDORS[vendor].node(url)} }
outputs: { texts: [asr.partial, asr.final] }
limits: { startMs: 60000, drainMs: 60000 }
`;

/** Made once for an address, as a server has it; each question has a beat of its own. */
const plans = new Map<string, Plan>();
let beat = new Beat([], 1);

async function planned(vendor: VendorName, url: string): Promise<Plan> {
  const { plan, findings } = await planWorkflow(
    { text: workflow(vendor, url), name: "vendors.yaml", dir: "/" },
    {
      types,
      purpose: "run",
      bindings: { talk: { definition: talker(frames, () => beat), config: {} } },
      environment: {},
      secret: () => VENDORS[vendor].secret,
      cwd: "/",
    },
  );
  if (!plan) throw new Error(findings.map(formatFinding).join("\n"));
  return plan;
}

async function recognise({ vendor, url, sessions, speed, weigh = false }: ClientQuestion): Promise<Recognised> {
  const plan = plans.get(url) ?? (await planned(vendor, url));
  plans.set(url, plan);
  beat = new Beat(frames, speed);
  const times: Record<string, number[]> = {};
  const failures = new Set<string>();
  const one = async (number: number) => {
    let heard = "";
    const onOutput = (_output: string, frame: Frame) => {
      if (frame.kind !== "text") return;
      const task = String(frame.vendor?.[VENDORS[vendor].taskId]).toLowerCase();
      times[task] ??= [];
      times[task].push(nowMs());
      if (frame.final) heard = frame.text;
    };
    const run = new Run(plan, { runId: `run-${number}`, clock: new SystemClock(), onOutput }, household);
    const report = await run.done;
    if (report.state !== "done") failures.add(`${report.state}: ${report.error?.code} ${report.error?.message}`);
    else if (heard !== SENTENCE) failures.add("the sentence did not come");
    for (const imbalance of report.imbalances) failures.add(imbalance);
    if (report.edges.some(({ dropped }) => Object.keys(dropped).length > 0)) failures.add("audio was dropped");
  };
  const all = Promise.all(Array.from({ length: sessions }, (_, number) => one(number)));
  const middle = weigh ? Bun.sleep((SENTENCE_MS * 0.7) / speed).then(weight) : undefined;
  await all;
  return { times, failures: [...failures], ...(middle && { residentBytes: await middle }) };
}

/** The least of several looks: while one waits until the allocator has given back what the collector freed, the streams make new garbage. */
async function weight(): Promise<number> {
  let least = Number.POSITIVE_INFINITY;
  for (let look = 0; look < LOOKS; look++) {
    Bun.gc(true);
    await Bun.sleep(SETTLE_MS);
    least = Math.min(least, await residentBytes("self"));
  }
  return least;
}

await serve<ClientQuestion>(recognise);
process.exit(0);
