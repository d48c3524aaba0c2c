import {
  type FaultScript,
  type Frame,
  loadOpus,
  type NodeDefinition,
  type NodeTypes,
  type TextFrame,
} from "#engine/plugin";
import { MemoryNetwork, type MemoryNetworkOptions, VirtualClock } from "#engine/runtime";
import { type Driven, type DriveOptions, driveNode, type Emulator, emulate } from "#engine/testing";
import { builtInTypes } from "#test/built-in-types";
import { gateway } from "../../../plugins/rtvt/gateway.ts";
import { PROJECT } from "./fixtures/vectors.ts";

/** The project of the emulator. */
export const KEY = { id: `${PROJECT.pid}`, secret: PROJECT.key, facts: {} };
export const TCP = "rtvt.test:14001";
export const WEB = "rtvt.test:14002";

/** What every config of a test has. */
export const ACCESS = { url: `tcp://${TCP}`, pid: PROJECT.pid, key: PROJECT.key, source: "en" };
export const OVER_WEB = { ...ACCESS, url: `ws://${WEB}/service/websocket` };

export interface Sentence {
  readonly text: string;
  readonly fromMs: number;
  readonly untilMs: number;
  /** Until it is answered. */
  readonly delayMs?: number;
}

/** Sentences of a second each, one after the other. */
export const seconds = (...texts: readonly string[]): Sentence[] =>
  texts.map((text, i) => ({ text, fromMs: i * 1000, untilMs: (i + 1) * 1000 }));

/** A workflow that hears these sentences and translates each into its capitals, in every target language. */
export const hears = (sentences: readonly Sentence[], targets: readonly string[] = ["es"]): string => `
parlando: 1
name: hears
inputs:
  talk: { kind: audio }
params:
  source: { type: string, default: en }
nodes:
  asr:
    use: core.script
    from: inputs.talk
    with:
      as: asr
      language: en
      partialEveryMs: 200
      blocking: false
      results:
${sentences.map((sentence) => `        - ${JSON.stringify({ partials: "auto", ...sentence })}`).join("\n")}
${targets.map((target) => `  ${target}: { use: core.script, from: [asr.partial, asr.final], with: { as: translate, otherwise: upper, partials: true, language: ${target} } }`).join("\n")}
outputs:
  texts: [asr.partial, asr.final${targets.map((target) => `, ${target}`).join("")}]
`;

export interface ServiceOptions {
  readonly workflow: string;
  readonly faults?: FaultScript["faults"];
  readonly frames?: DriveOptions["frames"];
  readonly formats?: NonNullable<DriveOptions["formats"]>;
  /** In addition to `ACCESS`. */
  readonly config?: Record<string, unknown>;
  /** In place of `ACCESS`. */
  readonly access?: Record<string, unknown>;
  readonly gatewayConfig?: Record<string, unknown>;
  readonly network?: MemoryNetworkOptions;
  readonly types?: NodeTypes;
}

export interface Served extends Driven {
  readonly emulator: Emulator;
  readonly network: MemoryNetwork;
  /** Run time when the node had ended. */
  readonly endedMs: number;
}

/** An emulated service in memory and in virtual time, over TCP and over WebSockets. */
export async function withService<T>(
  options: Pick<ServiceOptions, "workflow" | "faults" | "gatewayConfig" | "network" | "types">,
  use: (service: {
    readonly clock: VirtualClock;
    readonly network: MemoryNetwork;
    readonly emulator: Emulator;
  }) => Promise<T>,
): Promise<T> {
  await loadOpus(); // a gateway loads it in the machine's time, in which a virtual minute passes
  const clock = new VirtualClock();
  const stop = clock.drive();
  const network = new MemoryNetwork(clock, options.network);
  const emulator = await emulate(gateway, {
    network,
    tcp: TCP,
    web: WEB,
    types: options.types ?? builtInTypes(),
    workflow: options.workflow,
    keys: [KEY],
    config: options.gatewayConfig ?? {},
    faults: { faults: [...(options.faults ?? [])] },
  });
  try {
    return await use({ clock, network, emulator });
  } finally {
    await emulator.close();
    stop();
  }
}

/** Drives a node against the emulated service. */
export const served = (definition: NodeDefinition, options: ServiceOptions): Promise<Served> =>
  withService(options, async ({ clock, network, emulator }) => {
    const driven = await driveNode(
      definition,
      { ...(options.access ?? ACCESS), ...options.config },
      { frames: options.frames ?? [], clock, network, ...(options.formats && { formats: options.formats }) },
    );
    return { ...driven, emulator, network, endedMs: clock.nowMs() };
  });

export const textsOf = (frames: readonly Frame[]): TextFrame[] =>
  frames.filter((frame): frame is TextFrame => frame.kind === "text");
