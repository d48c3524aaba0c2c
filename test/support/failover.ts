import { definePlugin, type FaultScript, type Frame, NodeTypes } from "#engine/plugin";
import {
  type ClockedNetwork,
  MemoryNetwork,
  newHousehold,
  Run,
  type RunReport,
  SystemClock,
  SystemNetwork,
  VirtualClock,
} from "#engine/runtime";
import { emulate } from "#engine/testing";
import { planWorkflow } from "#engine/workflow";
import aliyun from "#plugins/aliyun";
import core from "#plugins/core";
import rtvt from "#plugins/rtvt";
import { ears, spoken } from "./toy-vendor/ears.ts";
import { microphone } from "./toy-vendor/run.ts";

/** What the speaker says, sentence by sentence. */
export const SAID = ["one two three", "four five", "six seven eight"];
export const STEP_MS = 20;
const AUDIO = spoken(SAID);
/** Every step of it is one at which the vendor is lost. */
export const STEPS = Array.from({ length: AUDIO.length }, (_, i) => i * STEP_MS);

export const LOSSES = ["killed", "silent", "expired"] as const;
/** How the first vendor is lost: its process dies, it says nothing any more, or its token is not taken any longer. */
export type Loss = (typeof LOSSES)[number];

/** The first vendor's status for a token that is not good any more. */
const ACCESS_DENIED = 40_000_001;

/** Of a connection that is lost, and of those that are tried after it. */
function faultsOf(loss: Loss, atMs: number): FaultScript["faults"] {
  const mount = "/ws/v1";
  const later = Array.from({ length: 50 }, (_, i) => i + 2);
  const lost = (what: { close: number } | { silence: true } | { vendorError: number }) =>
    ({ on: "connection", mount, connections: 1, after: { ms: atMs }, do: what }) as const;
  if (loss === "expired") return [lost({ vendorError: ACCESS_DENIED })];
  if (loss === "killed")
    return [lost({ close: 1006 }), { on: "handshake", mount, connections: later, do: { refuse: 503 } }];
  return [lost({ silence: true }), { on: "handshake", mount, connections: later, do: { hang: true } }];
}

const SERVICE = `
parlando: 1
name: service
inputs: { talk: { kind: audio } }
nodes:
  asr: { use: toy.ears, from: inputs.talk }
outputs: { texts: [asr.partial, asr.final] }
`;

const workflow = (first: string, second: string) => `
parlando: 1
name: failover
inputs: { talk: { kind: audio } }
nodes:
  asr:
    use: aliyun.asr
    from: inputs.talk
    retry: { attempts: 2 }
    with:
      mode: continuous
      url: ws://${first}/ws/v1
      appkey: example-appkey
      tokenUrl: http://${first}/
      accessKeyId: example-key
      accessKeySecret: "\${secret:aliyun}"
      link: { attempts: 2, openMs: 1000, silentMs: 2000, finishMs: 2000 }
    fallback:
      - use: rtvt.asr
        with: { url: "tcp://${second}", pid: 81700001, key: "\${secret:rtvt}", source: en }
outputs: { texts: asr.final }
limits: { drainMs: 60000 }
`;

const SECRETS: Readonly<Record<string, string>> = {
  aliyun: "example-secret",
  rtvt: Buffer.from("an example of a project key 0123").toString("base64"),
};

export interface Failover {
  readonly report: RunReport;
  /** Words of all finals, in the order they came. */
  readonly words: readonly string[];
  /** What is not as it has to be; empty when all is well. */
  readonly wrong: readonly string[];
}

/** Runs a live workflow whose first vendor is lost at a moment, against both vendors' own gateways. */
export async function loseVendor(loss: Loss, atMs: number, real = false): Promise<Failover> {
  const clock = real ? new SystemClock() : new VirtualClock();
  const stop = clock instanceof VirtualClock ? clock.drive() : () => {};
  const memory = new MemoryNetwork(clock, { latencyMs: 5 });
  const machine = new SystemNetwork();
  const reached: ClockedNetwork = real ? machine : memory;
  const household = newHousehold({ network: reached });
  const types = new NodeTypes([core, aliyun, rtvt, definePlugin({ name: "ears", nodes: [ears] })]);
  const [aliyunGateway] = aliyun.gateways ?? [];
  const [rtvtGateway] = rtvt.gateways ?? [];
  if (!aliyunGateway || !rtvtGateway) throw new Error("a vendor has no gateway");
  const common = { network: memory, types, workflow: SERVICE, household, ...(real && { outside: machine }) };
  const first = await emulate(aliyunGateway, {
    ...common,
    web: real ? "127.0.0.1:0" : "nls.test:80",
    keys: [{ id: "example-key", secret: SECRETS.aliyun!, facts: { appkey: "example-appkey" } }],
    faults: { faults: faultsOf(loss, atMs) },
  });
  const second = await emulate(rtvtGateway, {
    ...common,
    tcp: real ? "127.0.0.1:0" : "rtvt.test:14001",
    keys: [{ id: "81700001", secret: SECRETS.rtvt!, facts: {} }],
  });
  try {
    const outputs: Frame[] = [];
    const { plan, findings } = await planWorkflow(
      { text: workflow(first.web ?? "", second.tcp ?? ""), name: "failover.yaml", dir: "/" },
      {
        types,
        purpose: "run",
        bindings: { talk: { definition: microphone(AUDIO), config: {} } },
        environment: {},
        secret: (name) => SECRETS[name],
        cwd: "/",
      },
    );
    if (!plan) throw new Error(findings.map(({ message }) => message).join("; "));
    const options = { runId: "failover", clock, onOutput: (_: string, frame: Frame) => void outputs.push(frame) };
    const report = await new Run(plan, options, household).done;
    return judge(loss, report, outputs);
  } finally {
    await Promise.all([first.close(), second.close()]);
    stop();
  }
}

function judge(loss: Loss, report: RunReport, outputs: readonly Frame[]): Failover {
  const finals = outputs.flatMap((frame) => (frame.kind === "text" && frame.final ? [frame] : []));
  const words = finals.flatMap(({ text }) => text.split(" "));
  const wrong: string[] = [];
  if (words.join(" ") !== SAID.join(" ")) wrong.push(`heard: ${words.join(" ")}`);
  for (const [i, { startSample }] of finals.entries())
    if (startSample < (finals[i - 1]?.endSample ?? 0))
      wrong.push(`final ${i + 1} begins before the end of the one before`);
  if (report.state !== "done") wrong.push(`the run ${report.state}: ${report.error?.message}`);
  wrong.push(...report.imbalances);
  const dropped = report.edges.flatMap((edge) => Object.values(edge.dropped).map(({ frames }) => frames));
  if (dropped.some((frames) => frames > 0)) wrong.push("audio was dropped");
  const asr = report.nodes.find(({ node }) => node === "asr");
  if (loss === "expired" && asr?.counters.fallbacks) wrong.push("a token that expired led to the other vendor");
  return { report, words, wrong };
}
