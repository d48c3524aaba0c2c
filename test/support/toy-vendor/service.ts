import {
  type FaultScript,
  type Frame,
  type GatewayDefinition,
  type NodeDefinition,
  NodeTypes,
  type TextFrame,
} from "#engine/plugin";
import { type Household, MemoryNetwork, type MemoryNetworkOptions, newHousehold, VirtualClock } from "#engine/runtime";
import { type Driven, type DriveOptions, driveNode, type Emulator, emulate } from "#engine/testing";
import core from "#plugins/core";
import { asr } from "./asr.ts";
import { spoken } from "./ears.ts";
import { gateway as toyGateway } from "./gateway.ts";
import toy from "./index.ts";

/** The workflow behind the service. */
export const WORKFLOW = `
parlando: 1
name: toy
inputs:
  talk: { kind: audio }
nodes:
  asr: { use: toy.ears, from: inputs.talk }
outputs:
  texts: [asr.partial, asr.final]
`;

/** One that fails with the first utterance. */
export const FAILING_WORKFLOW = WORKFLOW.replace(
  "asr: { use: toy.ears, from: inputs.talk }",
  "asr: { use: core.script, from: inputs.talk, with: { as: asr, results: [{ error: VENDOR_FAILED, fromMs: 0, untilMs: 400 }] } }",
);

export const TOKEN = "open-sesame";

export const SENTENCES = ["one two", "three four", "five six"];

/** All that is needed to plan workflows with the toy. */
export const toyTypes = (): NodeTypes => new NodeTypes([core, toy]);

export interface ToyOptions {
  readonly faults?: FaultScript["faults"];
  readonly network?: MemoryNetworkOptions;
  /** In place of the workflow behind the service. */
  readonly workflow?: string;
  /** In place of the toy's own gateway. */
  readonly gateway?: GatewayDefinition;
  /** What the node under test gets. */
  readonly frames?: DriveOptions["frames"];
  readonly config?: Record<string, unknown>;
  readonly tracing?: boolean;
  /** In place of the toy's own recogniser. */
  readonly definition?: NodeDefinition;
}

/** The toy's service in memory and in virtual time. */
export interface Toy {
  readonly clock: VirtualClock;
  readonly network: MemoryNetwork;
  readonly household: Household;
  readonly emulator: Emulator;
  close(): Promise<void>;
}

export async function openToy({
  faults = [],
  network: carriage,
  workflow = WORKFLOW,
  gateway = toyGateway,
}: ToyOptions = {}): Promise<Toy> {
  const clock = new VirtualClock();
  const stop = clock.drive();
  const network = new MemoryNetwork(clock, carriage);
  const household = newHousehold({ network });
  const emulator = await emulate(gateway, {
    network,
    web: "toy.test:80",
    types: toyTypes(),
    workflow,
    keys: [{ id: TOKEN, secret: TOKEN, facts: {} }],
    faults: { faults },
    household,
  });
  const close = async () => {
    await emulator.close();
    stop();
  };
  return { clock, network, household, emulator, close };
}

/** Drives the toy's recogniser against its service; `error` is what it failed with. */
export async function hearToy(options: ToyOptions = {}): Promise<Driven & Toy> {
  const toy = await openToy(options);
  try {
    const driven = await driveNode(
      options.definition ?? asr,
      { token: TOKEN, ...options.config },
      {
        frames: options.frames ?? spoken(SENTENCES),
        clock: toy.clock,
        network: toy.network,
        tracing: options.tracing ?? false,
      },
    );
    return { ...driven, ...toy };
  } finally {
    await toy.close();
  }
}

export const finals = (frames: readonly Frame[]): string[] =>
  frames.filter((frame): frame is TextFrame => frame.kind === "text" && frame.final).map(({ text }) => text);
