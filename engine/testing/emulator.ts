import {
  FaultPlan,
  type FaultScript,
  type GatewayDefinition,
  type GatewayDoors,
  type GatewayKey,
  gatewayDoors,
  type NodeTypes,
} from "#engine/plugin";
import type { Household, MemoryNetwork } from "#engine/runtime";
import { TestGatewayHost } from "./gateway-host.ts";

export interface EmulatorOptions {
  readonly network: MemoryNetwork;
  /** Where it listens, `host:port`: the vendor's own names will do. TCP mounts and web mounts each need one where the gateway has them. */
  readonly web?: string;
  readonly tcp?: string;
  readonly types: NodeTypes;
  /** The text of the workflow behind it. */
  readonly workflow: string;
  /** Of the gateway itself. */
  readonly config?: unknown;
  readonly keys?: readonly GatewayKey[];
  readonly faults?: FaultScript;
  readonly household?: Household;
}

/** A vendor's service in memory: its gateway with a workflow behind it, and what goes wrong. */
export interface Emulator {
  readonly host: TestGatewayHost;
  readonly doors: GatewayDoors;
  /** Sends its clients away and is gone; once is enough. */
  close(): Promise<void>;
}

/** Starts a gateway on a network in memory. */
export async function emulate(gateway: GatewayDefinition, options: EmulatorOptions): Promise<Emulator> {
  const { network, faults = { faults: [] }, web, tcp } = options;
  const { household, keys = [], types, workflow } = options;
  const host = new TestGatewayHost({
    network,
    types,
    workflow,
    keys,
    skewMs: new FaultPlan(faults).skewMs,
    ...(household && { household }),
  });
  const made = gateway.create(gateway.config.parse(options.config ?? {}), host);
  const doors = gatewayDoors(made, { clock: network.clock, random: () => host.random(), log: host.log, faults });
  const listeners = [
    ...(web !== undefined && doors.web ? [await network.listen(web, doors.web)] : []),
    ...(tcp !== undefined && doors.tcp ? [await network.listen(tcp, doors.tcp.door)] : []),
  ];
  let closing: Promise<void> | undefined;
  const close = async () => {
    await doors.close();
    for (const listener of listeners) await listener.close();
  };
  return {
    host,
    doors,
    close() {
      closing ??= close();
      return closing;
    },
  };
}
