import { type Frame, NodeTypes } from "#engine/plugin";
import { newHousehold, Run, SystemClock } from "#engine/runtime";
import { formatFinding, type Plan, planWorkflow } from "#engine/workflow";
import azure from "#plugins/azure";
import core from "#plugins/core";
import { serve } from "../harness/serve.ts";
import { sentenceFrames } from "../vendors/conversation.ts";
import { Beat, talker } from "../vendors/talker.ts";
import { type ClientQuestion, KEY } from "./conversation.ts";
import { measured } from "./measured.ts";

const frames = await sentenceFrames();
/** As the vendor's library sends it. */
const CHUNK_MS = 100;
const household = newHousehold();
const types = new NodeTypes([core, azure]);

const workflow = (url: string) => `
parlando: 1
name: recognise
inputs: { talk: { kind: audio } }
nodes: { asr: { use: azure.asr, from: inputs.talk, with: { host: "${url}", key: "\${secret:key}", chunkMs: ${CHUNK_MS} } } }
outputs: { texts: [asr.partial, asr.final] }
limits: { drainMs: 60000 }
`;

/** Made once for an address, as a server has it; each question has a beat of its own. */
const plans = new Map<string, Plan>();
let beat = new Beat([], 1);

async function planned(url: string): Promise<Plan> {
  const { plan, findings } = await planWorkflow(
    { text: workflow(url), name: "azure.yaml", dir: "/" },
    {
      types,
      purpose: "run",
      bindings: { talk: { definition: talker(frames, () => beat), config: {} } },
      environment: {},
      secret: () => KEY.secret,
      cwd: "/",
    },
  );
  if (!plan) throw new Error(findings.map(formatFinding).join("\n"));
  return plan;
}

async function recognise(plan: Plan, came: () => void): Promise<string> {
  let heard = "";
  const onOutput = (_output: string, frame: Frame) => {
    if (frame.kind !== "text") return;
    came();
    if (frame.final) heard = frame.text;
  };
  const report = await new Run(plan, { runId: "run", clock: new SystemClock(), onOutput }, household).done;
  if (report.imbalances.length > 0) throw new Error(report.imbalances.join("; "));
  if (report.state !== "done") throw new Error(`${report.state}: ${report.error?.code} ${report.error?.message}`);
  return heard;
}

await serve<ClientQuestion>(async (question) => {
  const plan = plans.get(question.url) ?? (await planned(question.url));
  plans.set(question.url, plan);
  beat = new Beat(frames, 1);
  return measured(question, (came) => recognise(plan, came));
});
process.exit(0);
