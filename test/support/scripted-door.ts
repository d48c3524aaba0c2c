import type { Connection, Door, Incoming, NodeDefinition } from "#engine/plugin";
import { MemoryNetwork, VirtualClock } from "#engine/runtime";
import { type Driven, type DriveOptions, driveNode } from "#engine/testing";

/** A service that does what a test says, sensible or not, which no gateway would. */
export interface ScriptedService {
  /** `host:port` */
  readonly host: string;
  readonly door: Door;
}

/** Drives a node against it, in memory and in virtual time. */
export async function driveAgainst(
  { host, door }: ScriptedService,
  definition: NodeDefinition,
  config: Readonly<Record<string, unknown>>,
  options: Pick<DriveOptions, "frames" | "pace">,
): Promise<Driven> {
  const clock = new VirtualClock();
  const stop = clock.drive();
  const network = new MemoryNetwork(clock);
  const listener = await network.listen(host, door);
  try {
    return await driveNode(definition, config, { ...options, clock, network });
  } finally {
    await listener.close();
    stop();
  }
}

/** Takes in every WebSocket. */
export const sockets = (serve: (connection: Connection, asked: Incoming) => Promise<void>): Door => ({
  upgrade: async (asked) => ({ serve: (connection) => void serve(connection, asked) }),
});
