import type { OpenGateway, OwnPort } from "#engine/control";
import type { GatewayPlace, Listener, ServerNetwork } from "#engine/plugin";
import { readTls } from "../tls-files.ts";
import { GatewayPaths } from "./gateway-paths.ts";

export interface GatewayListeners {
  /** By gateway: where it is reached. */
  readonly places: ReadonlyMap<string, GatewayPlace>;
  /** Takes no callers any more and ends those that are there. */
  close(): Promise<void>;
}

export interface ListenGatewaysOptions {
  readonly gateways: readonly OpenGateway[];
  readonly network: ServerNetwork;
  /** `host:port` of the server itself, where it serves gateways, too. */
  readonly shared?: string;
  /** What paths of certificates are relative to. */
  readonly cwd: string;
}

/**
 * Opens the ports of gateways that have some of their own.
 * @throws EngineError CONFIG_INVALID where an address cannot be listened on, and what `readTls` throws.
 */
export async function listenGateways({
  gateways,
  network,
  shared,
  cwd,
}: ListenGatewaysOptions): Promise<GatewayListeners> {
  const listeners: Listener[] = [];
  const places = new Map<string, { web?: string; tcp?: string }>(gateways.map(({ name }) => [name, {}]));
  const close = async () => void (await Promise.all(listeners.map((listener) => listener.close())));
  const open = async (own: OwnPort, door: Parameters<ServerNetwork["listen"]>[1]): Promise<string> => {
    const listener = await network.listen(
      `${own.host}:${own.port}`,
      door,
      own.tls && (await readTls(own.tls, cwd, "gateways: tls")),
    );
    listeners.push(listener);
    return listener.address;
  };
  try {
    for (const { own, those } of webPorts(gateways)) {
      const address = await open(own, new GatewayPaths(those));
      for (const { name, prefix } of those) places.get(name)!.web = address + prefix;
    }
    for (const { name, tcp, doors, web, prefix } of gateways) {
      if (tcp && doors.tcp) places.get(name)!.tcp = await open(tcp, doors.tcp.door);
      if (!web && prefix !== "" && shared !== undefined) places.get(name)!.web = shared + prefix;
    }
  } catch (error) {
    await close();
    throw error;
  }
  return { places, close };
}

/** Gateways that share an address are behind one listener; ports that may be any are not shared. */
function webPorts(gateways: readonly OpenGateway[]): { readonly own: OwnPort; readonly those: OpenGateway[] }[] {
  const ports = new Map<string, { own: OwnPort; those: OpenGateway[] }>();
  for (const gateway of gateways) {
    if (!gateway.web) continue;
    const { host, port } = gateway.web;
    const key = port === 0 ? gateway.name : `${host}:${port}`;
    const there = ports.get(key);
    if (there) there.those.push(gateway);
    else ports.set(key, { own: gateway.web, those: [gateway] });
  }
  return [...ports.values()];
}
