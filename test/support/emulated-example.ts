import { join } from "node:path";
import { type FaultScript, type GatewayDefinition, NodeTypes, type Plugin } from "#engine/plugin";
import { type ClockedNetwork, MemoryNetwork, newHousehold, type RunReport, VirtualClock } from "#engine/runtime";
import { emulate } from "#engine/testing";
import { planWorkflow } from "#engine/workflow";
import aliyun from "#plugins/aliyun";
import azure from "#plugins/azure";
import tencent from "#plugins/tencent";
import { AccountedRun } from "./accounted-run.ts";
import { builtInTypes } from "./built-in-types.ts";
import { CHECKOUT } from "./command-line.ts";

/** How an example is told of a vendor: what its own description says of addresses and credentials. */
interface VendorAccess {
  readonly plugin: Plugin;
  /** The node type whose settings reach the emulator. */
  readonly type: string;
  /** Variables of its credentials, by the setting that each fills. */
  readonly environment: Readonly<Record<string, string>>;
}

const VENDORS = {
  tencent: {
    plugin: tencent,
    type: "tencent.asr",
    environment: {
      TENCENTCLOUD_APP_ID: "appId",
      TENCENTCLOUD_SECRET_ID: "secretId",
      TENCENTCLOUD_SECRET_KEY: "secretKey",
    },
  },
  aliyun: {
    plugin: aliyun,
    type: "aliyun.asr",
    environment: { NLS_APP_KEY: "appkey", ALIYUN_AK_ID: "accessKeyId", ALIYUN_AK_SECRET: "accessKeySecret" },
  },
  azure: { plugin: azure, type: "azure.asr", environment: { AZURE_SPEECH_KEY: "key" } },
} as const satisfies Readonly<Record<string, VendorAccess>>;

export type ExampleVendor = keyof typeof VENDORS;

export interface EmulatedExample {
  /** The name of a file of `workflows/`, without its end. */
  readonly example: string;
  /** A recording for its input `talk`. */
  readonly talk: string;
  /** For `${run.dir}`. */
  readonly folder: string;
  /** What goes wrong at each vendor whose emulator is to be there. */
  readonly vendors: Partial<Readonly<Record<ExampleVendor, FaultScript["faults"]>>>;
  /** Params of the example, by the setting of which vendor's node they are. */
  readonly addresses: Readonly<Record<string, readonly [vendor: ExampleVendor, setting: string]>>;
}

export interface EmulatedRun {
  readonly report: RunReport;
  /** Finals by output of the workflow. */
  readonly finals: Readonly<Record<string, readonly string[]>>;
  readonly events: readonly string[];
}

/** A service that says in each session who heard it, after half a second. */
const hears = (vendor: string): string =>
  JSON.stringify({
    parlando: 1,
    name: "service",
    inputs: { talk: { kind: "audio" } },
    nodes: {
      asr: {
        use: "core.script",
        from: "inputs.talk",
        with: {
          as: "asr",
          language: "en-US",
          results: [{ text: `heard by ${vendor}`, partials: "auto", fromMs: 0, untilMs: 500 }],
        },
      },
    },
    outputs: { texts: ["asr.partial", "asr.final"] },
  });

/** Runs an example as it stands in its file, in virtual time, against the gateways of the vendors that it names. */
export async function runEmulated({
  example,
  talk,
  folder,
  vendors,
  addresses,
}: EmulatedExample): Promise<EmulatedRun> {
  const clock = new VirtualClock();
  const stop = clock.drive();
  const network: ClockedNetwork & MemoryNetwork = new MemoryNetwork(clock, { latencyMs: 5 });
  const household = newHousehold({ network });
  const types = new NodeTypes([...builtInTypes().plugins, tencent, aliyun, azure]);
  const names = (Object.keys(VENDORS) as ExampleVendor[]).filter((name) => vendors[name]);
  const settings = new Map<ExampleVendor, Readonly<Record<string, unknown>>>();
  const emulators = await Promise.all(
    names.map((name) => {
      const { plugin, type } = VENDORS[name];
      const gateway: GatewayDefinition | undefined = plugin.gateways?.[0];
      const known = gateway?.example;
      if (!gateway || !known) throw new Error(`${name} has no gateway`);
      const web = `${name}.test:80`;
      settings.set(name, known.nodes({ web }, known.key)[type] ?? {});
      const workflow = hears(name);
      return emulate(gateway, {
        network,
        household,
        types,
        web,
        workflow,
        keys: [known.key],
        faults: { faults: [...(vendors[name] ?? [])] },
      });
    }),
  );
  try {
    const textOf = (vendor: ExampleVendor, setting: string) => String(settings.get(vendor)?.[setting] ?? "");
    const { plan, findings } = await planWorkflow(
      { path: `workflows/${example}.yaml` },
      {
        types,
        purpose: "run",
        cwd: CHECKOUT,
        run: { id: "example", dir: join(folder, example) },
        bindings: { talk: { location: talk } },
        params: Object.fromEntries(Object.entries(addresses).map(([param, at]) => [param, textOf(...at)])),
        environment: Object.fromEntries(
          names.flatMap((name) =>
            Object.entries(VENDORS[name].environment).map(([variable, setting]) => [variable, textOf(name, setting)]),
          ),
        ),
        secret: () => undefined,
      },
    );
    if (!plan) throw new Error(findings.map(({ message }) => message).join("; "));
    const finals: Record<string, string[]> = {};
    const events: string[] = [];
    const run = new AccountedRun(
      plan,
      {
        runId: "example",
        clock,
        onOutput(output, frame) {
          if (frame.kind !== "text" || !frame.final) return;
          finals[output] = [...(finals[output] ?? []), frame.text];
        },
        onEvent(event) {
          if (event.type === "node" && event.event.type === "fallback")
            events.push(`${event.node}: ${event.event.from} to ${event.event.to}, ${event.event.code}`);
        },
      },
      household,
    );
    return { report: await run.done, finals, events };
  } finally {
    await Promise.all(emulators.map((emulator) => emulator.close()));
    stop();
  }
}
