import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { EngineError } from "#engine/errors";
import { workflowJsonSchema } from "#engine/workflow";
import { type Command, type Console, EXIT, type World, wrongUsage } from "./command.ts";
import { type NewFiles, PLUGIN_ROLES, type PluginRole, pluginFiles } from "./new/plugin-files.ts";
import { workflowFiles } from "./new/workflow-files.ts";

const NAME = /^[a-z][a-z0-9-]*$/;
const ROOT = join(import.meta.dir, "../..");

export const create: Command = {
  name: "new",
  usage: "workflow NAME | plugin NAME [--role filter|asr|translate]",
  summary: "Write a small workflow or plugin that runs and passes its tests at once",
  help: [
    "workflow  writes NAME.yaml, and parlando.schema.json for the editor where there is none",
    "plugin    writes a folder NAME: a node type, its test, contract.ts for `parlando plugin test`; --role says of which sort",
    "          (default filter). Where there is no parlando.yaml, one is written that lists it.",
    "Nothing is written over.",
  ].join("\n"),
  listedPlugins: true,
  async run(argv, console, world) {
    const { positionals, values } = parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: { role: { type: "string", default: "filter" } },
    });
    const [what, name] = positionals;
    if ((what !== "workflow" && what !== "plugin") || name === undefined || positionals.length > 2)
      return wrongUsage(this, console, "workflow NAME or plugin NAME was wanted");
    if (!NAME.test(name))
      return wrongUsage(this, console, `${name}: a name has lower-case letters, digits and hyphens, a letter first`);
    const role = PLUGIN_ROLES.find((known) => known === values.role);
    if (!role) return wrongUsage(this, console, `--role ${values.role}: it is one of ${PLUGIN_ROLES.join(", ")}`);
    if (what === "workflow") await newWorkflow(name, console, world);
    else await newPlugin(name, role, console, world);
    return EXIT.done;
  },
};

async function newWorkflow(name: string, console: Console, world: World): Promise<void> {
  const files = workflowFiles(name);
  refuseTaken(Object.keys(files), world.cwd);
  const schema = join(world.cwd, "parlando.schema.json");
  const schemaIsNew = !existsSync(schema);
  if (schemaIsNew) {
    await world.types.loadAll();
    await write(
      { "parlando.schema.json": `${JSON.stringify(workflowJsonSchema(world.types), undefined, 2)}\n` },
      world.cwd,
    );
  }
  await write(files, world.cwd);
  console.err(`wrote ${name}.yaml${schemaIsNew ? ", and parlando.schema.json for the editor" : ""}`);
  console.out(`next: parlando run ${name}.yaml`);
  console.out(`next: parlando test ${name}.yaml`);
}

async function newPlugin(name: string, role: PluginRole, console: Console, world: World): Promise<void> {
  refuseTaken([name], world.cwd);
  const type = `${name}.${role}`;
  await world.types.load([type]);
  if (world.types.all().some((node) => node.type.startsWith(`${name}.`)))
    throw new EngineError("CONFIG_INVALID", `a plugin is named ${name} already: choose another name`);
  const beside = await mkdtemp(join(world.cwd, `.${name}-`));
  try {
    await write(pluginFiles(name, role), beside);
    // as npm link would: types for the editor, and the tests, come from this very Parlando
    await mkdir(join(beside, "node_modules"));
    await symlink(ROOT, join(beside, "node_modules/parlando"), "dir");
    await rename(beside, join(world.cwd, name));
  } catch (error) {
    await rm(beside, { recursive: true, force: true });
    throw error;
  }
  console.err(`wrote ${name}/, with ${type}`);
  if (existsSync(join(world.cwd, "parlando.yaml"))) console.err(`add it to parlando.yaml: plugins: [./${name}]`);
  else {
    await write({ "parlando.yaml": `plugins: [./${name}]\n` }, world.cwd);
    console.err("wrote parlando.yaml, which lists it");
  }
  console.out(`next: parlando plugin test ${name}`);
}

function refuseTaken(names: readonly string[], folder: string): void {
  const taken = names.find((name) => existsSync(join(folder, name)));
  if (taken !== undefined) throw new EngineError("FILE_UNWRITABLE", `${taken} is there already; nothing was written`);
}

async function write(files: NewFiles, folder: string): Promise<void> {
  for (const [name, text] of Object.entries(files)) {
    const path = resolve(folder, name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text, { flag: "wx" });
  }
}
