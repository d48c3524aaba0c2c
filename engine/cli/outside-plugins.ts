import { existsSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { z } from "zod";
import { asEngineError, EngineError } from "#engine/errors";
import * as pluginApi from "#engine/plugin";
import { checkPlugin, type NodeTypes, type Plugin, type PluginFailure, pluginEntrySchema } from "#engine/plugin";
import { readYaml } from "#engine/workflow";
import type { Console, World } from "./command.ts";
import { printFindings } from "./findings.ts";

/** How long the module of a plugin may take to load. */
const LOAD_MS = 10_000;

type PluginEntry = z.output<typeof pluginEntrySchema>;

/** What runs in the Worker or process of a plugin. */
const ISOLATED_ENTRY = join(import.meta.dir, "isolated/entry.ts");

/** The keys of `parlando.yaml` that commands beside `serve` read; the rest is not theirs to judge. */
const listSchema = z.looseObject({ plugins: z.array(pluginEntrySchema).default([]), publicUrl: z.string().optional() });

/**
 * The world with the plugins that `parlando.yaml` of the working folder lists, and whether it says how a server is reached. What cannot be
 * loaded is told, and left out.
 */
export async function withListedPlugins(world: World, console: Console): Promise<World> {
  const path = join(world.cwd, "parlando.yaml");
  if (!existsSync(path)) return world;
  const { value, findings } = readYaml(await Bun.file(path).text(), listSchema, "parlando.yaml");
  if (!value) printFindings(findings, console.err, console);
  const types = await addPlugins(world.types, value?.plugins ?? [], world.cwd);
  for (const { error } of types.failures) console.err(`${error.code} ${error.message}`);
  return { ...world, types, ...(value && { callable: value.publicUrl !== undefined }) };
}

/**
 * The types with those of outside plugins. One that fails to load, was made for another version or takes what belongs to another is a
 * failure of its own and takes nothing else down.
 * @param folder what paths are relative to.
 */
export async function addPlugins(types: NodeTypes, listed: readonly PluginEntry[], folder: string): Promise<NodeTypes> {
  const loaded = await Promise.all(listed.map((entry) => tryToLoad(entry, folder)));
  let all = types;
  for (const [at, result] of loaded.entries())
    try {
      all = "error" in result ? all.with([], [result]) : all.with([result]);
    } catch (error) {
      const name = nameOf(listed[at]!);
      all = all.with([], [{ name, error: asEngineError(error, "PLUGIN_INVALID", `plugins: ${name}`) }]);
    }
  return all;
}

const nameOf = (entry: PluginEntry): string => (typeof entry === "string" ? entry : entry.use);

async function tryToLoad(entry: PluginEntry, folder: string): Promise<Plugin | PluginFailure> {
  const name = nameOf(entry);
  try {
    return typeof entry === "string" ? await loadPlugin(name, folder) : await loadAlone(entry, folder);
  } catch (error) {
    return { name, error: asEngineError(error, "PLUGIN_INVALID", `plugins: ${name}`) };
  }
}

/** A plugin whose nodes run in a Worker or process of their own. It is loaded here, for what it declares, only after that went well there. */
async function loadAlone(
  { use, runsIn, memoryMb, hangMs }: Exclude<PluginEntry, string>,
  folder: string,
): Promise<Plugin> {
  const { isolate, startProcess, startWorker, tryToLoadAlone } = await import("#engine/runtime");
  locate(use, folder);
  const start = (runsIn === "worker" ? startWorker : startProcess)(ISOLATED_ENTRY, { plugin: use, folder });
  const limits = {
    loadMs: 2 * LOAD_MS,
    hangMs,
    ...(memoryMb !== undefined && { memoryBytes: memoryMb * 2 ** 20 }),
  };
  await tryToLoadAlone(use, start, limits);
  return isolate(await loadPlugin(use, folder), start, limits);
}

/**
 * Loads one plugin from a path (of its module, or of a folder with an `index.ts`) or a package that is installed beside the folder.
 * @throws EngineError PLUGIN_INVALID, PLUGIN_VERSION.
 */
export async function loadPlugin(name: string, folder: string): Promise<Plugin> {
  const module = locate(name, folder);
  return checkPlugin(await importDefault(module, name), name, await rangeOfPackage(module));
}

/** The default export of a module that may import `parlando/…`; undefined where it has none. */
export async function importDefault(module: string, name: string): Promise<unknown> {
  shareOwnModules();
  const loaded: unknown = await within(import(module), name);
  return typeof loaded === "object" && loaded !== null && "default" in loaded ? loaded.default : undefined;
}

/**
 * The module that a name of `plugins:` means.
 * @throws EngineError PLUGIN_INVALID where it is not there.
 */
export function locate(name: string, folder: string): string {
  try {
    return Bun.resolveSync(/^[./]/.test(name) ? resolve(folder, name) : name, folder);
  } catch {
    throw new EngineError("PLUGIN_INVALID", `plugins: ${name} is not there, seen from ${folder}`);
  }
}

function within<T>(work: Promise<T>, name: string): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => late.reject(new EngineError("PLUGIN_INVALID", `plugins: ${name} was not loaded in ${LOAD_MS / 1000} s`)),
    LOAD_MS,
  );
  return Promise.race([work, late.promise]).finally(() => clearTimeout(timer));
}

const manifestSchema = z.looseObject({
  engines: z.looseObject({ parlando: z.string().optional() }).optional(),
  peerDependencies: z.looseObject({ parlando: z.string().optional() }).optional(),
});

/** The versions that the package around a module says it was made for, under `engines` or `peerDependencies`. */
async function rangeOfPackage(module: string): Promise<string | undefined> {
  for (let at = dirname(module); at !== dirname(at); at = dirname(at)) {
    const file = Bun.file(join(at, "package.json"));
    if (!(await file.exists())) continue;
    const manifest = manifestSchema.safeParse(await file.json().catch(() => undefined)).data;
    return manifest?.engines?.parlando ?? manifest?.peerDependencies?.parlando;
  }
  return undefined;
}

let shared = false;

/**
 * What outside plugins import as `parlando/…` is this very engine, wherever they lie and whatever copy is installed beside them: errors
 * and marks of fields are known by identity.
 */
function shareOwnModules(): void {
  if (shared) return;
  shared = true;
  Bun.plugin({
    name: "parlando",
    setup(build) {
      build.module("parlando/plugin", () => ({ exports: { ...pluginApi }, loader: "object" }));
      build.module("parlando/client", async () => ({
        exports: { ...(await import("#engine/client")) },
        loader: "object",
      }));
      build.module("parlando/testing", async () => ({
        exports: { ...(await import("#engine/testing")) },
        loader: "object",
      }));
    },
  });
}
