import {
  definePlugin,
  type FaultScript,
  type Frame,
  type GatewayKey,
  NodeTypes,
  type Plugin,
  type TextFrame,
} from "#engine/plugin";
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
import azure from "#plugins/azure";
import core from "#plugins/core";
import modelstudio from "#plugins/modelstudio";
import rtvt from "#plugins/rtvt";
import { ears, spoken } from "./toy-vendor/ears.ts";
import { hastyEars } from "./toy-vendor/hasty-ears.ts";
import { microphone } from "./toy-vendor/run.ts";
import { translated, translator } from "./toy-vendor/translator.ts";

const STEP_MS = 20;

interface Fixture {
  readonly said: readonly string[];
  readonly audio: readonly Frame[];
  /** How the first vendor hears it. */
  readonly ears: string;
}

const fixture = (said: readonly string[], betweenWordsMs: number, heard: string): Fixture => ({
  said,
  audio: spoken(said, STEP_MS, betweenWordsMs),
  ears: heard,
});
const SENTENCES = ["one two three", "four five", "six seven eight"];
/** Longer than a pause is looked for, so that some replays begin within a word. */
const LONG = ["one two three four five six seven eight nine eight seven six five", "four three two"];

/** What is said, and how the first vendor's finals end: where sentences do, before the last word is over, between words, within the next word. */
export const FIXTURES = {
  exact: fixture(SENTENCES, 100, "toy.ears"),
  early: fixture(SENTENCES, 100, "toy.hasty-ears, with: { words: 9, endsMs: -90 }"),
  between: fixture(LONG, 0, "toy.hasty-ears, with: { words: 3, endsMs: 0 }"),
  late: fixture(LONG, 0, "toy.hasty-ears, with: { words: 2, endsMs: 70 }"),
} as const satisfies Readonly<Record<string, Fixture>>;
export type FixtureName = keyof typeof FIXTURES;
export const FIXTURE_NAMES: readonly FixtureName[] = ["exact", "early", "between", "late"];

/** The moments at which the vendor is lost. */
export const stepsOf = (name: FixtureName): number[] => FIXTURES[name].audio.map((_, i) => i * STEP_MS);

export const LOSSES = ["killed", "silent", "expired"] as const;
/** How the first vendor is lost: its process dies, it says nothing any more, or its token is not taken any longer. */
export type Loss = (typeof LOSSES)[number];

/** A node that may be the first: its vendor is lost. */
interface First {
  readonly plugin: Plugin;
  /** Where its emulator is in memory. */
  readonly web: string;
  readonly mount: string;
  readonly key: GatewayKey;
  /** What its service says of a token that is not good any more; undefined: the socket is closed, and the token refused at the next. */
  readonly denied?: number | string;
  /** It translates, too. */
  readonly interprets?: boolean;
  /** Its settings, as a flow mapping without its braces. @param at `host:port` */
  settings(at: string): string;
}

const LINK = "link: { attempts: 2, openMs: 1000, silentMs: 2000, finishMs: 2000 }";

const studio = {
  plugin: modelstudio,
  web: "dashscope.test:80",
  mount: "/api-ws/v1/inference",
  key: { id: "example-secret", secret: "example-secret", facts: {} },
  denied: "InvalidApiKey",
  settings: (at) =>
    `url: "ws://${at}/api-ws/v1/inference", httpUrl: "http://${at}/api/v1", apiKey: "\${secret:first}", temporaryKeys: true`,
} as const satisfies First;

/** A token of this service is made elsewhere, and cannot be renewed by the node. */
const speech = {
  plugin: azure,
  web: "azure.test:80",
  mount: "/stt/speech/universal/v2",
  key: { id: "example-secret", secret: "example-secret", facts: {} },
  settings: (at) => `host: "ws://${at}", token: "\${secret:first}"`,
} as const satisfies First;

const FIRSTS = {
  "aliyun.asr": {
    plugin: aliyun,
    web: "nls.test:80",
    mount: "/ws/v1",
    key: { id: "example-key", secret: "example-secret", facts: { appkey: "example-appkey" } },
    denied: 40_000_001,
    settings: (at) =>
      `mode: continuous, url: "ws://${at}/ws/v1", appkey: example-appkey, tokenUrl: "http://${at}/", accessKeyId: example-key, accessKeySecret: "\${secret:first}"`,
  },
  "modelstudio.asr": { ...studio, settings: (at) => `model: paraformer-realtime-v2, ${studio.settings(at)}` },
  "modelstudio.interpret": {
    ...studio,
    interprets: true,
    settings: (at) => `language: en, target: es, ${studio.settings(at)}`,
  },
  "azure.asr": speech,
  "azure.interpret": { ...speech, interprets: true, settings: (at) => `targets: es, ${speech.settings(at)}` },
} as const satisfies Readonly<Record<string, First>>;

/** The node type that is first. */
export type FirstVendor = keyof typeof FIRSTS;
export const FIRST_VENDORS: readonly FirstVendor[] = [
  "aliyun.asr",
  "modelstudio.asr",
  "modelstudio.interpret",
  "azure.asr",
  "azure.interpret",
];

/** Whether losing it ends with the other vendor: a token that the node can renew is no reason. */
export const fallsBack = (vendor: FirstVendor, loss: Loss): boolean => {
  const { denied }: First = FIRSTS[vendor];
  return loss !== "expired" || denied === undefined;
};

/** Of a connection that is lost, and of those that are tried after it. */
function faultsOf({ mount, denied }: First, loss: Loss, atMs: number): FaultScript["faults"] {
  const later = Array.from({ length: 50 }, (_, i) => i + 2);
  const lost = (what: { close: number } | { silence: true } | { vendorError: number | string }) =>
    ({ on: "connection", mount, connections: 1, after: { ms: atMs }, do: what }) as const;
  if (loss === "expired" && denied !== undefined) return [lost({ vendorError: denied })];
  if (loss === "expired")
    return [lost({ close: 1006 }), { on: "handshake", mount, connections: later, do: { expiredToken: true } }];
  if (loss === "killed")
    return [lost({ close: 1006 }), { on: "handshake", mount, connections: later, do: { refuse: 503 } }];
  return [lost({ silence: true }), { on: "handshake", mount, connections: later, do: { hang: true } }];
}

const service = (heard: string, interprets: boolean) => `
parlando: 1
name: service
inputs: { talk: { kind: audio } }
nodes:
  asr: { from: inputs.talk, use: ${heard} }
${interprets ? "  translate: { from: [asr.partial, asr.final], use: toy.translator }" : ""}
outputs: { texts: [asr.partial, asr.final${interprets ? ", translate" : ""}] }
`;

const workflow = (type: FirstVendor, vendor: First, first: string, second: string) => {
  const other = `url: "tcp://${second}", pid: 81700001, key: "\${secret:rtvt}", source: en`;
  const [fallback, outputs] = vendor.interprets
    ? [`use: rtvt.interpret, with: { ${other}, target: es }`, "[asr.transcript, asr.translation]"]
    : [`use: rtvt.asr, with: { ${other} }`, "asr.final"];
  return `
parlando: 1
name: failover
inputs: { talk: { kind: audio } }
nodes:
  asr: { from: inputs.talk, retry: { attempts: 2 }, fallback: [{ ${fallback} }], use: ${type}, with: { ${vendor.settings(first)}, ${LINK} } }
outputs: { texts: ${outputs} }
limits: { drainMs: 60000 }
`;
};

const SECRETS: Readonly<Record<string, string>> = {
  first: "example-secret",
  rtvt: Buffer.from("an example of a project key 0123").toString("base64"),
};

export interface Failover {
  readonly report: RunReport;
  /** Words of all finals, in the order they came. */
  readonly words: readonly string[];
  /** What is not as it has to be; empty when all is well. */
  readonly wrong: readonly string[];
}

export interface Lost {
  readonly vendor: FirstVendor;
  readonly loss: Loss;
  readonly atMs: number;
  readonly fixture: FixtureName;
  /** In real time, over sockets of this machine. */
  readonly real?: boolean;
}

/** Runs a live workflow whose first vendor is lost at a moment, against both vendors' own gateways. */
export async function loseVendor({ vendor, loss, atMs, fixture: name, real = false }: Lost): Promise<Failover> {
  const { audio, ears: heard, said } = FIXTURES[name];
  const lost: First = FIRSTS[vendor];
  const clock = real ? new SystemClock() : new VirtualClock();
  const stop = clock instanceof VirtualClock ? clock.drive() : () => {};
  const memory = new MemoryNetwork(clock, { latencyMs: 5 });
  const machine = new SystemNetwork();
  const reached: ClockedNetwork = real ? machine : memory;
  const household = newHousehold({ network: reached });
  const types = new NodeTypes([
    core,
    lost.plugin,
    rtvt,
    definePlugin({ name: "ears", nodes: [ears, hastyEars, translator] }),
  ]);
  const [firstGateway] = lost.plugin.gateways ?? [];
  const [rtvtGateway] = rtvt.gateways ?? [];
  if (!firstGateway || !rtvtGateway) throw new Error("a vendor has no gateway");
  const common = { network: memory, types, household, ...(real && { outside: machine }) };
  const first = await emulate(firstGateway, {
    ...common,
    workflow: service(heard, lost.interprets ?? false),
    web: real ? "127.0.0.1:0" : lost.web,
    keys: [lost.key],
    faults: { faults: faultsOf(lost, loss, atMs) },
  });
  const second = await emulate(rtvtGateway, {
    ...common,
    workflow: service("toy.ears", lost.interprets ?? false),
    tcp: real ? "127.0.0.1:0" : "rtvt.test:14001",
    keys: [{ id: "81700001", secret: SECRETS.rtvt!, facts: {} }],
  });
  try {
    const outputs: Frame[] = [];
    const { plan, findings } = await planWorkflow(
      { text: workflow(vendor, lost, first.web ?? "", second.tcp ?? ""), name: "failover.yaml", dir: "/" },
      {
        types,
        purpose: "run",
        bindings: { talk: { definition: microphone(audio), config: {} } },
        environment: {},
        secret: (name) => SECRETS[name],
        cwd: "/",
      },
    );
    if (!plan) throw new Error(findings.map(({ message }) => message).join("; "));
    const options = { runId: "failover", clock, onOutput: (_: string, frame: Frame) => void outputs.push(frame) };
    const report = await new Run(plan, options, household).done;
    return judge({ vendor, loss, report, outputs, said });
  } finally {
    await Promise.all([first.close(), second.close()]);
    stop();
  }
}

interface Judged {
  readonly vendor: FirstVendor;
  readonly loss: Loss;
  readonly report: RunReport;
  readonly outputs: readonly Frame[];
  readonly said: readonly string[];
}

function judge({ vendor, loss, report, outputs, said }: Judged): Failover {
  const { interprets = false }: First = FIRSTS[vendor];
  const transcript = spokenIn(outputs, "transcript");
  const wrong = [...transcript.wrong];
  if (transcript.words.join(" ") !== said.join(" ")) wrong.push(`heard: ${transcript.words.join(" ")}`);
  if (interprets) {
    const { words, wrong: order } = spokenIn(outputs, "translation");
    wrong.push(...order);
    if (words.join(" ") !== translated(said.join(" "))) wrong.push(`translated: ${words.join(" ")}`);
  }
  if (report.state !== "done") wrong.push(`the run ${report.state}: ${report.error?.message}`);
  wrong.push(...report.imbalances);
  const dropped = report.edges.flatMap((edge) => Object.values(edge.dropped).map(({ frames }) => frames));
  if (dropped.some((frames) => frames > 0)) wrong.push("audio was dropped");
  const asr = report.nodes.find(({ node }) => node === "asr");
  if (!fallsBack(vendor, loss) && asr?.counters.fallbacks) wrong.push("a token that expired led to the other vendor");
  return { report, words: transcript.words, wrong };
}

/** The words of all finals of one role, and where their times go back. */
function spokenIn(
  outputs: readonly Frame[],
  role: TextFrame["role"],
): { readonly words: string[]; readonly wrong: string[] } {
  const finals = outputs.flatMap((frame) =>
    frame.kind === "text" && frame.final && frame.role === role ? [frame] : [],
  );
  const wrong = finals.flatMap(({ startSample }, i) =>
    startSample < (finals[i - 1]?.endSample ?? 0) ? [`${role} ${i + 1} begins before the end of the one before`] : [],
  );
  return { words: finals.flatMap(({ text }) => text.split(" ")), wrong };
}
