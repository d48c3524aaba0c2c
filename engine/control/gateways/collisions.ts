import { EngineError } from "#engine/errors";
import type { Mount } from "#engine/plugin";
import type { OpenGateway } from "../api/gateways.ts";
import type { ServerConfig } from "../config.ts";

type WebMount = Exclude<Mount, { kind: "tcp" }>;

interface Place {
  readonly gateway: OpenGateway;
  /** The server's own port where it is undefined. */
  readonly address: string | undefined;
}

/**
 * Refuses gateways that would take each other's callers: one address for two purposes, or one path for two gateways.
 * @throws EngineError CONFIG_INVALID.
 */
export function refuseCollisions(gateways: readonly OpenGateway[], listen: ServerConfig["listen"]): void {
  refuseSharedAddresses(gateways, listen);
  const reached = gateways.filter(({ web, prefix }) => web !== undefined || prefix !== "");
  const places = reached.map((gateway): Place => ({ gateway, address: gateway.web && addressOf(gateway.web) }));
  for (const [i, one] of places.entries())
    for (const other of places.slice(i + 1))
      if (one.address === other.address) refuseSharedPaths(one.gateway, other.gateway);
}

const addressOf = ({ host, port }: { host: string; port: number }): string => `${host}:${port}`;

function refuseSharedAddresses(gateways: readonly OpenGateway[], listen: ServerConfig["listen"]): void {
  const taken = new Map<string, string>();
  if (listen.port !== 0) taken.set(addressOf(listen), "listen.port");
  const take = (address: string, key: string, shared: boolean) => {
    const other = taken.get(address);
    if (address.endsWith(":0")) return;
    if (other !== undefined && !(shared && other.endsWith(".port") && other !== "listen.port"))
      throw new EngineError("CONFIG_INVALID", `${key}: ${address} is taken by ${other}; every port serves one purpose`);
    taken.set(address, key);
  };
  for (const { name, web, tcp } of gateways) {
    const rival = gateways.find((other) => other.web && web && addressOf(other.web) === addressOf(web));
    if (JSON.stringify(rival?.web?.tls) !== JSON.stringify(web?.tls))
      throw new EngineError(
        "CONFIG_INVALID",
        `gateways.${name}.tls: gateways.${rival?.name} is on the same port with another`,
      );
    if (web) take(addressOf(web), `gateways.${name}.port`, true);
    if (tcp) take(addressOf(tcp), `gateways.${name}.tcpPort`, false);
  }
}

function refuseSharedPaths(one: OpenGateway, other: OpenGateway): void {
  // two ports that are each to be any free one are two
  if (one.web?.port === 0) return;
  for (const mount of webMounts(one))
    for (const rival of webMounts(other)) {
      if (mount.kind !== rival.kind || ("method" in mount && "method" in rival && mount.method !== rival.method))
        continue;
      if (!overlap(one.prefix + mount.path, other.prefix + rival.path)) continue;
      const what =
        "method" in mount ? `${mount.method} ${one.prefix}${mount.path}` : `WebSockets at ${one.prefix}${mount.path}`;
      throw new EngineError(
        "CONFIG_INVALID",
        `gateways.${one.name} and gateways.${other.name} both answer ${what}: give one of them another prefix, or a port of its own`,
      );
    }
}

const webMounts = ({ doors }: OpenGateway): readonly WebMount[] =>
  doors.mounts.filter((mount): mount is WebMount => mount.kind !== "tcp");

/** Whether one path can match both patterns. */
function overlap(one: string, other: string): boolean {
  const [a, b] = [one.split("/"), other.split("/")];
  return a.length === b.length && a.every((part, i) => part === b[i] || part.startsWith(":") || b[i]!.startsWith(":"));
}
