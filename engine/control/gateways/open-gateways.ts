import { EngineError } from "#engine/errors";
import {
  type Clock,
  FaultPlan,
  type FaultScript,
  type GatewayDefinition,
  gatewayDoors,
  type Logger,
  type NodeTypes,
} from "#engine/plugin";
import type { Admission } from "../admission.ts";
import type { OpenGateway, OwnPort } from "../api/gateways.ts";
import type { ServerConfig } from "../config.ts";
import { isLoopback, type KeysService } from "../keys/keys-service.ts";
import type { RunBook } from "../runs/run-book.ts";
import type { WorkflowSource } from "../runs/workflow-source.ts";
import type { UrlRules } from "../security/url-guard.ts";
import { refuseCollisions } from "./collisions.ts";
import type { GatewayConfig, WorkflowUse } from "./config.ts";
import { GatewayKeys } from "./gateway-keys.ts";
import { Mapping } from "./mapping.ts";
import { GuardedNetwork } from "./own-network.ts";
import { StoredGatewayHost } from "./stored-host.ts";

export interface GatewayServices {
  readonly config: ServerConfig;
  readonly types: NodeTypes;
  readonly source: WorkflowSource;
  readonly keys: KeysService;
  readonly book: RunBook;
  readonly admission: Admission;
  readonly clock: Clock;
  readonly epochMs: () => number;
  readonly log: Logger;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** What a gateway may call at its clients' wish. */
  readonly rules: UrlRules;
  /** By gateway: what goes wrong, of an emulator. */
  readonly faults: Readonly<Record<string, FaultScript>>;
}

/** Whose stored workflows gateways run. */
const PROJECT = "default";

/**
 * Opens the gateways of the configuration: nobody comes in yet, that is for whoever listens.
 * @throws EngineError CONFIG_INVALID, which says where in the configuration.
 */
export async function openGateways(services: GatewayServices): Promise<readonly OpenGateway[]> {
  const { config } = services;
  const gateways: OpenGateway[] = [];
  for (const [name, settings] of Object.entries(config.gateways)) gateways.push(await open(name, settings, services));
  refuseCollisions(gateways, config.listen);
  return gateways;
}

async function open(name: string, settings: GatewayConfig, services: GatewayServices): Promise<OpenGateway> {
  const where = `gateways.${name}`;
  const { config, clock, epochMs, log, environment, cwd, source, keys, rules, faults } = services;
  const definition = definitionOf(settings.type, services.types, where);
  const uses: WorkflowUse[] = [...settings.workflows, ...deployed(name, config)];
  const mapping = new Mapping(where, uses, definition.streams, source, PROJECT);
  await mapping.load();
  const script = faults[name] ?? { faults: [] };
  const { skewMs } = new FaultPlan(script);
  const host = new StoredGatewayHost({
    name,
    mapping,
    keys: new GatewayKeys(keys, where, settings.keys, environment, cwd),
    book: services.book,
    admission: services.admission,
    clock,
    gatewayMs: () => epochMs() + skewMs,
    epochMs,
    network: new GuardedNetwork(rules),
    log,
    keep: config.privacy.keep,
  });
  const made = definition.create(ownSettings(definition, settings.with, where), host);
  const doors = gatewayDoors(made, { clock, random: Math.random, log, faults: script });
  const gateway = { name, definition, doors, unserved: mapping.unserved, ...placesOf(settings, config, doors, where) };
  requireApiKeys(gateway, settings, config, where);
  return gateway;
}

/** Deployments that are started by a gateway. */
const deployed = (gateway: string, config: ServerConfig): WorkflowUse[] =>
  Object.values(config.deployments).filter(({ when }) => "gateway" in when && when.gateway === gateway);

function definitionOf(type: string, types: NodeTypes, where: string): GatewayDefinition {
  const all = types.plugins.flatMap((plugin) => plugin.gateways ?? []);
  const found = all.find((gateway) => gateway.type === type);
  if (found) return found;
  const known = all.map((gateway) => gateway.type).join(", ") || "none";
  throw new EngineError("CONFIG_INVALID", `${where}.type: ${type} is no gateway; there are ${known}`);
}

function ownSettings(definition: GatewayDefinition, given: unknown, where: string): unknown {
  const { success, data, error } = definition.config.safeParse(given);
  if (success) return data;
  const [issue] = error.issues;
  const path = [`${where}.with`, ...(issue?.path ?? [])].join(".");
  throw new EngineError("CONFIG_INVALID", `${path}: ${issue?.message ?? "not valid"}`);
}

/** Where its callers come in. */
function placesOf(
  { prefix = "", port, tcpPort, host, tls }: GatewayConfig,
  { listen }: ServerConfig,
  doors: OpenGateway["doors"],
  where: string,
): Pick<OpenGateway, "prefix" | "web" | "tcp"> {
  const own = (number: number): OwnPort => {
    const spoken = tls === false ? undefined : (tls ?? listen.tls);
    return { host: host ?? listen.host, port: number, ...(spoken && { tls: spoken }) };
  };
  if (tcpPort !== undefined && !doors.tcp)
    throw new EngineError("CONFIG_INVALID", `${where}.tcpPort: this gateway has nothing that goes over TCP`);
  if ((port !== undefined || prefix !== "") && !doors.web)
    throw new EngineError(
      "CONFIG_INVALID",
      `${where}: this gateway has nothing that goes over HTTP; it wants a tcpPort`,
    );
  if (port === undefined && prefix === "" && tcpPort === undefined)
    throw new EngineError(
      "CONFIG_INVALID",
      `${where}: where its callers come in is not said: ${doors.web ? "a prefix on the server's port, or a port of its own" : "a tcpPort"}`,
    );
  return {
    prefix,
    ...(port !== undefined && { web: own(port) }),
    ...(tcpPort !== undefined && { tcp: own(tcpPort) }),
  };
}

/** Who is reached by others serves those with keys only. */
function requireApiKeys(
  { web, tcp }: Pick<OpenGateway, "web" | "tcp">,
  { keys }: GatewayConfig,
  { listen }: ServerConfig,
  where: string,
): void {
  const exposed = [listen.host, web?.host, tcp?.host].find((host) => host !== undefined && !isLoopback(host));
  const without = keys.findIndex(({ key }) => key === undefined);
  if (exposed === undefined || without < 0) return;
  throw new EngineError(
    "CONFIG_INVALID",
    `${where}.keys[${without}].key: others reach ${exposed}, so every client needs a key of the API (parlando keys create)`,
  );
}
