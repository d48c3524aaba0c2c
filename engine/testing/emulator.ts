import {
  FaultPlan,
  type FaultScript,
  type GatewayDefinition,
  type GatewayDoors,
  type GatewayKey,
  gatewayDoors,
  type NodeTypes,
  type ServerNetwork,
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
  /** Where its callers come in: the machine's own network, with `127.0.0.1:0` as the address. Default: `network`. */
  readonly outside?: ServerNetwork;
}

/** A vendor's service in memory: its gateway with a workflow behind it, and what goes wrong. */
export interface Emulator {
  readonly host: TestGatewayHost;
  readonly doors: GatewayDoors;
  /** Where it is reached, `host:port`. */
  readonly web: string | undefined;
  readonly tcp: string | undefined;
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
  const outside = options.outside ?? network;
  const webListener = web !== undefined && doors.web ? await outside.listen(web, doors.web) : undefined;
  const tcpListener = tcp !== undefined && doors.tcp ? await outside.listen(tcp, doors.tcp.door) : undefined;
  let closing: Promise<void> | undefined;
  const close = async () => {
    await doors.close();
    for (const listener of [webListener, tcpListener]) await listener?.close();
  };
  return {
    host,
    doors,
    web: webListener?.address,
    tcp: tcpListener?.address,
    close() {
      closing ??= close();
      return closing;
    },
  };
}
