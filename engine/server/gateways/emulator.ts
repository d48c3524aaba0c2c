import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Control, openControl, serverConfigSchema } from "#engine/control";
import { EngineError } from "#engine/errors";
import type {
  Clock,
  FaultScript,
  GatewayDefinition,
  GatewayKey,
  GatewayPlace,
  Logger,
  NodeTypes,
  ServerNetwork,
} from "#engine/plugin";
import { type Household, SystemNetwork } from "#engine/runtime";
import { listenGateways } from "./listen-gateways.ts";

export interface EmulatedFile {
  readonly file: string;
  readonly params?: Readonly<Record<string, unknown>>;
}

export interface EmulatorOptions {
  readonly types: NodeTypes;
  readonly household: Household;
  readonly clock: Clock;
  readonly log: Logger;
  /** Of the gateway. */
  readonly type: string;
  /** What is behind it, one for each kind of stream: texts, or absolute paths of files, with params that go before what a client asks for. */
  readonly workflows: readonly ({ readonly text: string } | EmulatedFile)[];
  readonly faults?: FaultScript;
  /** Settings of the gateway's type. */
  readonly with?: Readonly<Record<string, unknown>>;
  /** Of the web, and of TCP; any free one where left out. */
  readonly port?: number;
  readonly tcpPort?: number;
  /** Where its callers come in; the machine's where left out. */
  readonly network?: ServerNetwork;
}

/** A vendor's gateway on loopback, with everything behind it that a server has, on a store that goes with it. */
export interface RunningEmulator {
  readonly definition: GatewayDefinition;
  readonly place: GatewayPlace;
  /** The one that it lets in. */
  readonly key: GatewayKey;
  /** What stands in `with:` of the vendor's node types to reach it, by type. */
  readonly nodes: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  /** Kinds of streams that nothing is behind. */
  readonly unserved: readonly string[];
  readonly control: Control;
  close(): Promise<void>;
}

const NAME = "emulated";
const SECRET = "PARLANDO_EMULATED_SECRET";

/**
 * Starts one.
 * @throws EngineError CONFIG_INVALID for a type that is no gateway or has no example, a workflow that does not hold, a port that is taken.
 */
export async function openEmulator(options: EmulatorOptions): Promise<RunningEmulator> {
  const { definition, key } = exampleOf(options);
  const folder = await mkdtemp(join(tmpdir(), "parlando-emulator-"));
  try {
    return await start(options, definition, key, folder);
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

function exampleOf({ types, type }: EmulatorOptions): { definition: GatewayDefinition; key: GatewayKey } {
  const all = types.plugins.flatMap((plugin) => plugin.gateways ?? []).filter(({ example }) => example);
  const definition = all.find((gateway) => gateway.type === type);
  const key = definition?.example?.key;
  if (definition && key) return { definition, key };
  throw new EngineError(
    "CONFIG_INVALID",
    `${type}: there are gateways of ${all.map((each) => each.type).join(", ") || "nobody"}`,
  );
}

async function start(
  options: EmulatorOptions,
  definition: GatewayDefinition,
  key: GatewayKey,
  folder: string,
): Promise<RunningEmulator> {
  const { types, household, clock, log, faults } = options;
  const config = serverConfigSchema.parse({
    store: { path: "store" },
    // who calls is this machine, and so is whom it wants to be called back
    allowedHosts: ["127.0.0.1", "localhost"],
    // a machine that falls behind is to be seen in what is measured, not to be spared
    limits: { lateMs: 1000, runs: 100_000 },
    gateways: { [NAME]: await gatewayOf(options, definition, key, folder) },
  });
  const control = await openControl({
    config,
    types,
    household,
    clock,
    environment: { [SECRET]: key.secret },
    cwd: folder,
    log,
    ...(faults && { faults: { [NAME]: faults } }),
  });
  const network = options.network ?? new SystemNetwork();
  const listeners = await listenGateways({ gateways: control.gateways, network, cwd: folder }).catch(async (error) => {
    await control.close();
    throw error;
  });
  const place = listeners.places.get(NAME) ?? {};
  return {
    definition,
    place,
    key,
    nodes: definition.example?.nodes(place, key) ?? {},
    unserved: control.gateways[0]?.unserved ?? [],
    control,
    async close() {
      await control.close();
      await listeners.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** As `parlando.yaml` would have it. */
async function gatewayOf(
  { workflows, port = 0, tcpPort = 0, with: settings = {} }: EmulatorOptions,
  { type, example }: GatewayDefinition,
  { id, facts }: GatewayKey,
  folder: string,
): Promise<Record<string, unknown>> {
  const files = await Promise.all(
    workflows.map(async (workflow, at) => {
      if ("file" in workflow) return { workflow: workflow.file, params: workflow.params ?? {} };
      const file = join(folder, `workflow-${at + 1}.yaml`);
      await writeFile(file, workflow.text);
      return file;
    }),
  );
  return {
    type,
    port,
    ...(example?.tcp && { tcpPort }),
    host: "127.0.0.1",
    workflows: files,
    keys: [{ id, secret: { env: SECRET }, facts }],
    with: settings,
  };
}
