import { z } from "zod";
import {
  defineNode,
  durationMs,
  type Frame,
  type FrameKind,
  type NodeDefinition,
  NodeTypes,
  positionMs,
} from "#engine/plugin";
import { MemoryNetwork, newHousehold, Run, type RunReport, VirtualClock } from "#engine/runtime";
import { type Emulator, emulate } from "#engine/testing";
import { type Finding, formatFinding, planWorkflow } from "#engine/workflow";
import core from "#plugins/core";
import { MemoryDesk } from "../memory-desk.ts";
import { ears, spoken } from "../toy-vendor/ears.ts";
import { HEARS, SENTENCES } from "./samples.ts";
import type { BadCall, BadVendor, Circumstances, SoundNode } from "./table.ts";
import { voice } from "./voice.ts";

const kindsOf = (frames: readonly Frame[]): FrameKind[] => [...new Set(frames.map(({ kind }) => kind))];

/** Gives frames in their time, whether or not anybody is ready, as a caller does. */
const caller = (frames: readonly Frame[]): NodeDefinition =>
  defineNode({
    type: "bad-input.caller",
    summary: "Gives frames in their time.",
    role: "source",
    shape: "task",
    inputs: {},
    outputs: {
      out: {
        kinds: kindsOf(frames),
        ...(frames.some(({ kind }) => kind === "audio") && {
          audio: { sampleRateHz: 16_000, channels: 1, frameMs: 20 },
        }),
      },
    },
    config: z.strictObject({}),
    realTime: true,
    create: (_config, { clock }) => ({
      async run(_input, emit, signal) {
        const beganMs = clock.nowMs();
        for (const frame of frames) {
          const timed = frame.kind === "audio" || frame.kind === "encoded";
          const waitMs = timed ? positionMs(frame) + durationMs(frame) - (clock.nowMs() - beganMs) : 0;
          if (waitMs > 0) await clock.sleep(waitMs, signal);
          void emit(frame);
        }
      },
    }),
  });

const FIRST = { web: "first.test:80", tcp: "first.test:14001" };
const SECOND = { web: "second.test:80", tcp: "second.test:14001" };

/** What became of a workflow with a vendor's node in it. */
export interface Outcome {
  /** Errors of lint. */
  readonly findings: readonly Finding[];
  /** Undefined where it could not be started. */
  readonly report: RunReport | undefined;
  /** It was ready to hear. */
  readonly wasReady: boolean;
  /** Finals by output, or how many samples came out. */
  readonly result: readonly string[];
  /** Everything that anybody is told. */
  readonly told: string;
  /** What is left over, in words. */
  readonly left: readonly string[];
}

type Asked = Omit<Circumstances, "what">;

/** Lints a workflow with the node in it, and runs it, with a fallback or without one. */
export async function attempt(vendor: BadVendor, asked: Asked, fallback?: Record<string, unknown>): Promise<Outcome> {
  const sound = vendor.nodes[asked.node];
  if (!sound) throw new Error(`no settings of ${asked.node}`);
  const frames = asked.frames ?? sound.frames ?? spoken(SENTENCES);
  const types = new NodeTypes([core, vendor.plugin, { name: "bad-input", nodes: [ears, voice] }]);
  const clock = new VirtualClock();
  const stop = clock.drive();
  const network = new MemoryNetwork(clock, { latencyMs: 5 });
  const desk = await MemoryDesk.open(network, "here.test:80");
  const household = newHousehold({ network, ...(!asked.uncallable && { desk }) });
  const text = workflowOf(asked, sound, frames, fallback);
  const planOptions = {
    types,
    bindings: { talk: { definition: caller(frames), config: {} } },
    environment: {},
    secret: (name: string) => vendor.secrets[name],
    cwd: "/",
    ...(asked.uncallable !== "unknown" && { callable: asked.uncallable === undefined }),
  };
  const source = { text, name: "bad.yaml", dir: "/" };
  const linted = await planWorkflow(source, { ...planOptions, purpose: "lint" });
  const findings = linted.findings.filter(({ severity }) => severity === "error");
  const { plan, findings: refusals } = await planWorkflow(source, { ...planOptions, purpose: "run" });
  const told: unknown[] = [linted.findings.map(formatFinding), refusals.map(formatFinding)];
  const service = { vendor, types, household, network };
  const emulators: Emulator[] = [];
  if (!asked.instead) emulators.push(await serve(service, FIRST, { ...sound, ...asked }));
  else await asked.instead(network, FIRST);
  emulators.push(await serve(service, SECOND, sound));
  let report: RunReport | undefined;
  let wasReady = false;
  const outputs: Frame[] = [];
  if (plan) {
    const onEvent = (event: { readonly type: string }) => {
      told.push(event);
      wasReady ||= event.type === "run.state" && "state" in event && event.state === "running";
    };
    const onOutput = (_: string, frame: Frame) => void outputs.push(frame);
    const log = { debug: note, info: note, warn: note };
    const run = new Run(plan, { runId: "run-1", clock, log, onEvent, onOutput }, household);
    const meanwhile = asked.meanwhile?.({ clock, network, desk });
    report = await run.done;
    await meanwhile;
    told.push(report, report.error?.message, report.error?.details);
    await clock.sleep(SETTLE_MS);
  }
  function note(...words: unknown[]): void {
    told.push(words);
  }
  const left = emulators.flatMap((emulator) => leftOf(emulator, network));
  await Promise.all(emulators.map((emulator) => emulator.close()));
  stop();
  return { findings, report, wasReady, result: resultOf(outputs), told: JSON.stringify(told, plain), left };
}

/** Lets the far end notice that it is over. */
const SETTLE_MS = 120_000;

/** Stream ids are bigints, and errors hold what they were caused by. */
const plain = (_name: string, value: unknown): unknown => {
  if (typeof value === "bigint") return `${value}`;
  if (value instanceof Error) return { ...value, message: value.message, cause: value.cause };
  return ArrayBuffer.isView(value) ? "bytes" : value;
};

function workflowOf(
  { node, with: more = {} }: Asked,
  sound: SoundNode,
  frames: readonly Frame[],
  fallback?: Record<string, unknown>,
): string {
  const [kind] = kindsOf(frames);
  return JSON.stringify({
    parlando: 1,
    name: "bad",
    inputs: { talk: { kind } },
    nodes: {
      node: {
        use: node,
        from: "inputs.talk",
        with: { ...sound.with(FIRST.web, FIRST.tcp), ...more },
        ...(fallback && { fallback: [fallback] }),
      },
    },
    outputs: { out: "node" },
    limits: { drainMs: 600_000 },
  });
}

/** The vendor's node at the second service, with nothing wrong. */
export const soundFallback = (vendor: BadVendor, node: string): Record<string, unknown> => ({
  use: node,
  with: vendor.nodes[node]?.with(SECOND.web, SECOND.tcp),
});

/** A client of the vendor's gateway calls. @returns what it was told, how many runs there were, and what is left over. */
export async function called(vendor: BadVendor, { call, service, gatewayConfig }: BadCall) {
  const clock = new VirtualClock();
  const stop = clock.drive();
  const network = new MemoryNetwork(clock, { latencyMs: 5 });
  const types = new NodeTypes([core, vendor.plugin, { name: "bad-input", nodes: [ears, voice] }]);
  const world = { vendor, types, household: newHousehold({ network }), network };
  const emulator = await serve(world, FIRST, { ...(service && { service }), ...(gatewayConfig && { gatewayConfig }) });
  const told = await call({ clock, network, emulator, ...FIRST });
  await clock.sleep(SETTLE_MS);
  const left = leftOf(emulator, network);
  const { started } = emulator.host;
  await emulator.close();
  stop();
  return { told, started, left };
}

function leftOf({ host, doors }: Emulator, network: MemoryNetwork): string[] {
  return [
    ...(host.running > 0 ? [`${host.running} runs of the service`] : []),
    ...(doors.clients > 0 ? [`${doors.clients} clients of the service`] : []),
    ...(network.sockets > 0 ? [`${network.sockets} sockets`] : []),
    ...host.reports.flatMap(({ imbalances }) => imbalances),
  ];
}

interface Service {
  readonly vendor: BadVendor;
  readonly types: NodeTypes;
  readonly household: ReturnType<typeof newHousehold>;
  readonly network: MemoryNetwork;
}

function serve(
  { vendor, types, household, network }: Service,
  at: typeof FIRST,
  { service = HEARS, gatewayConfig = {}, faults = [] }: Pick<Circumstances, "service" | "gatewayConfig" | "faults">,
): Promise<Emulator> {
  const [gateway] = vendor.plugin.gateways ?? [];
  if (!gateway) throw new Error(`${vendor.plugin.name} has no gateway`);
  const { keys } = vendor;
  const config = gatewayConfig;
  return emulate(gateway, { network, types, household, workflow: service, keys, config, faults: { faults }, ...at });
}

function resultOf(outputs: readonly Frame[]): string[] {
  const texts = outputs.flatMap((frame) => (frame.kind === "text" && frame.final ? [frame.text] : []));
  const samples = outputs.reduce((sum, frame) => sum + (frame.kind === "audio" ? frame.pcm.length : 0), 0);
  return samples > 0 ? [...texts, `${samples} samples`] : texts;
}
