import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { workflowJsonSchema } from "#engine/workflow";
import { type Command, EXIT, wrongUsage } from "./command.ts";

export const schema: Command = {
  name: "schema",
  usage: "[--out FILE]",
  summary: "Write the JSON Schema of the format, with every known node type, for editors",
  help: [
    "--out FILE  where to write it (default: standard output)",
    "",
    "An editor with the YAML language server completes, explains and checks a workflow whose first line names the file:",
    "# yaml-language-server: $schema=./parlando.schema.json",
  ].join("\n"),
  listedPlugins: true,
  async run(argv, console, world) {
    const { positionals, values } = parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: { out: { type: "string" } },
    });
    if (positionals.length > 0) return wrongUsage(this, console, `${positionals[0]}: it takes no file but --out FILE`);
    await world.types.loadAll();
    const text = JSON.stringify(workflowJsonSchema(world.types), undefined, 2);
    if (values.out === undefined) console.out(text);
    else {
      await Bun.write(resolve(world.cwd, values.out), `${text}\n`);
      console.err(`wrote ${values.out}; a workflow beside it begins with the line`);
      console.out(`# yaml-language-server: $schema=${/^[./]/.test(values.out) ? "" : "./"}${values.out}`);
    }
    return EXIT.done;
  },
};
