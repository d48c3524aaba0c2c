import { existsSync } from "node:fs";
import { mkdir, rename } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { asEngineError, EngineError } from "#engine/errors";
import { type NodeDefinition, needsStandIn, type Plugin } from "#engine/plugin";
import { type Console, EXIT, type World } from "./command.ts";
import { missing, secretsOf, settingsOf, speechOf, TEXTS, type Trial, today } from "./doctor-live.ts";
import { loadPlugin, locate } from "./outside-plugins.ts";

export interface RecordRequest {
  /** The name of a plugin that is known here, or a path or package as in `parlando.yaml`. */
  readonly plugin: string;
  /** One node type of it; left out: all that call a service. */
  readonly node?: string;
  /** `NAME=VALUE` for settings that the environment does not fill. */
  readonly settings: Readonly<Record<string, string>>;
  readonly recording?: string;
  readonly out?: string;
}

/** Turns one live session of each node type into a fixture without secrets; exit status 1 where one failed or none could be held. */
export async function recordPlugin(request: RecordRequest, console: Console, world: World): Promise<number> {
  const { plugin, folder } = await pluginOf(request.plugin, world);
  const nodes = plugin.nodes.filter((node) => needsStandIn(node) && (!request.node || node.type === request.node));
  if (nodes.length === 0)
    throw new EngineError("CONFIG_INVALID", `${request.node ?? `plugin ${plugin.name}`} calls no service`);
  const speech = await speechOf(request.recording, world.cwd);
  const out = request.out === undefined ? folder : resolve(world.cwd, request.out);
  let failed = 0;
  let kept = 0;
  for (const definition of nodes) {
    const config = settingsOf(definition, request.settings, world.environment);
    const unset = missing(definition, config);
    if (unset.length > 0) {
      console.err(`left out ${definition.type}: ${unset.join(", ")}`);
      continue;
    }
    const recorded = await recordNode({ definition, config, speech }, out, console, world);
    if (recorded === "failed") failed++;
    if (recorded === "kept") kept++;
  }
  if (kept + failed === 0)
    throw new EngineError("SECRET_MISSING", `plugin ${plugin.name}: no session could be held; set what is named above`);
  return failed > 0 ? EXIT.failed : EXIT.done;
}

/** A plugin, and where its fixtures belong: the pages of node types name the days of those that lie there. */
async function pluginOf(name: string, world: World): Promise<{ readonly plugin: Plugin; readonly folder: string }> {
  await world.types.loadAll();
  const known = world.types.plugins.find((plugin) => plugin.name === name);
  const tests = join(world.cwd, "test/plugins", name);
  if (known) return { plugin: known, folder: join(existsSync(tests) ? tests : world.cwd, "fixtures/live") };
  // a path of the command line may lack the dot that sets it apart from a package
  const path = existsSync(resolve(world.cwd, name)) ? resolve(world.cwd, name) : name;
  const plugin = await loadPlugin(path, world.cwd);
  return { plugin, folder: join(dirname(locate(path, world.cwd)), "fixtures/live") };
}

/** Nothing is written of a session that failed: what a service says then is no fixture of what it says. */
async function recordNode(
  { definition, config, speech }: Trial,
  out: string,
  console: Console,
  world: World,
): Promise<"kept" | "failed" | "left out"> {
  const { liveSession, RecordingNetwork } = await import("#engine/testing");
  const lines: string[] = [];
  const secrets = secretsOf(definition, config);
  const network = new RecordingNetwork(world.household.network, {
    secrets,
    record: (message) => void lines.push(`${JSON.stringify(message)}\n`),
  });
  try {
    const frames = await liveSession({ definition, config, network, speech, texts: TEXTS });
    if (!frames) {
      console.err(`left out ${definition.type}: nothing that its role takes is at hand here`);
      return "left out";
    }
    const text = network.blotted(lines.join(""));
    refuseSecrets(definition, text, secrets);
    const path = join(out, `${definition.type}.${today()}.jsonl`);
    await writeWhole(path, text);
    console.out(`wrote ${path} (${lines.length} messages, for which the node gave ${frames.length} frames)`);
    return "kept";
  } catch (error) {
    const { code, message } = asEngineError(error, "NODE_FAILED", definition.type);
    console.err(`${code} ${message}: nothing was written for ${definition.type}`);
    return "failed";
  }
}

/** The last look before anything is written. */
function refuseSecrets(definition: NodeDefinition, text: string, secrets: readonly string[]): void {
  if (secrets.some((secret) => secret !== "" && text.includes(secret)))
    throw new EngineError("VENDOR_PROTOCOL", `${definition.type}: a secret stands in what was said`);
}

async function writeWhole(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await Bun.write(`${path}.part`, text);
  await rename(`${path}.part`, path);
}
