import { EngineError } from "#engine/errors";
import type { NodeContext, NodeDefinition, Plugin, Resource } from "#engine/plugin";
import { Child, ChildKeeper, type IsolationLimits, type StartChild } from "./child.ts";
import { HostedNode } from "./hosted-node.ts";
import type { Found } from "./messages.ts";

/**
 * The plugin with its hooks in a Worker or process of its own, begun by the first run that uses it, shared by all, and ended after the
 * last. What a definition says of itself (ports, config, roles) stays here.
 * @throws EngineError PLUGIN_ISOLATED where it has gateways, which belong to the server's own process.
 */
export function isolate(plugin: Plugin, start: StartChild, limits: IsolationLimits): Plugin {
  const { name, gateways = [], engines } = plugin;
  if (gateways.length > 0)
    throw new EngineError(
      "PLUGIN_ISOLATED",
      `plugin ${name} has gateways, which answer in the server's own process: list it without runsIn`,
    );
  const begin = () => new Child(name, start, limits);
  const resource: Resource<ChildKeeper> = {
    key: `isolated plugin ${name}`,
    open: async () => new ChildKeeper(begin),
    close: (keeper) => keeper.close(),
  };
  return {
    ...plugin,
    nodes: plugin.nodes.map((definition) => isolated(definition, resource)),
    ...(engines && { engines: engines.map((engine) => ({ ...engine, find: () => findIn(begin, engine.name) })) }),
  };
}

/**
 * Loads the plugin in a Worker or process of its own and ends that again: what harms where it is loaded, harms there.
 * @throws EngineError PLUGIN_INVALID, PLUGIN_VERSION, PLUGIN_LOST.
 */
export async function tryToLoadAlone(name: string, start: StartChild, limits: IsolationLimits): Promise<void> {
  const child = new Child(name, start, limits);
  try {
    await child.ready;
  } finally {
    child.end();
  }
}

/** Batches are left out: the frames of many runs would have to cross together. */
function isolated({ batch: _, ...definition }: NodeDefinition, resource: Resource<ChildKeeper>): NodeDefinition {
  return {
    ...definition,
    shape: "task",
    async create(config: unknown, ctx: NodeContext) {
      const child = await (await ctx.resource(resource)).child();
      const node = new HostedNode(definition, ctx, child);
      try {
        await node.create(config);
      } catch (error) {
        await node.close();
        throw error;
      }
      return node;
    },
  };
}

async function findIn(begin: () => Child, engine: string): Promise<Found> {
  const child = begin();
  try {
    await child.ready;
    return (await child.calls.make((call) => child.send({ kind: "find", call, engine })).answer) as Found;
  } finally {
    child.end();
  }
}
