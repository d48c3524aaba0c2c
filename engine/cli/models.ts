import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { EngineError, type ModelKind } from "#engine/plugin";
import { suggest } from "#engine/workflow";
import { type Command, type Console, EXIT, wrongUsage } from "./command.ts";

export const models: Command = {
  name: "models",
  usage: "[TYPE] [FOLDER]",
  listedPlugins: true,
  summary: "Say what a model of your own needs for a node type, and check a folder",
  help: "Nothing is loaded: the files are looked at as the node does before it hands them to its library. Exit status 1 when the model does not fit.",
  async run(argv, console, world) {
    const { positionals } = parseArgs({ args: [...argv], allowPositionals: true, options: {} });
    const [type, folder, ...more] = positionals;
    if (more.length > 0) return wrongUsage(this, console, "one type and one folder at most");
    await world.types.loadAll();
    const kinds = world.types.plugins.flatMap((plugin) => plugin.models ?? []);
    if (type === undefined) {
      for (const kind of kinds) for (const line of lines(kind)) console.out(line);
      return EXIT.done;
    }
    const kind = kinds.find((known) => known.type === type);
    if (!kind) {
      const names = kinds.map((known) => known.type);
      const near = suggest(type, names);
      console.err(
        `${type} takes no models of your own; ${near ? `did you mean ${near}?` : `these do: ${names.join(", ")}`}`,
      );
      return EXIT.failed;
    }
    if (folder !== undefined) return await check(kind, resolve(world.cwd, folder), console);
    for (const line of lines(kind)) console.out(line);
    return EXIT.done;
  },
};

const lines = ({ type, needs, licence }: ModelKind): string[] => [
  type,
  ...needs.map((line) => `  needs:   ${line}`),
  `  licence: ${licence}`,
];

async function check(kind: ModelKind, path: string, console: Console): Promise<number> {
  try {
    const { what, files } = await kind.check(path);
    console.out(`fits ${kind.type}: ${what}`);
    for (const file of files) console.out(`  ${file}`);
    console.out(`  licence: ${kind.licence}`);
    console.out(`  workflow: { use: ${kind.type}, with: { model: ${path} } }`);
    return EXIT.done;
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    console.err(`${error.code} ${error.message}`);
    for (const need of kind.needs) console.err(`  needs: ${need}`);
    return EXIT.failed;
  }
}
