import { parseArgs } from "node:util";
import { describeNode, type NodePage, nodeMarkdown } from "#engine/plugin";
import { suggest } from "#engine/workflow";
import { type Command, EXIT } from "./command.ts";

export const nodes: Command = {
  name: "nodes",
  usage: "[TYPE] [--json|--markdown]",
  listedPlugins: true,
  summary: "List the node types, or show one with its ports and settings",
  async run(argv, console, world) {
    const { positionals, values } = parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: { json: { type: "boolean", default: false }, markdown: { type: "boolean", default: false } },
    });
    const [type] = positionals;
    if (type === undefined) {
      await world.types.loadAll();
      const all = world.types.all();
      if (values.json) console.out(JSON.stringify(all.map(describeNode)));
      else for (const node of all) console.out(`${node.type.padEnd(20)} ${node.summary}`);
      return EXIT.done;
    }
    await world.types.load([type]);
    const definition = world.types.get(type);
    if (!definition) {
      const near = suggest(
        type,
        world.types.all().map((node) => node.type),
      );
      console.err(`no node type ${type}; ${near ? `did you mean ${near}?` : "parlando nodes lists them"}`);
      return EXIT.failed;
    }
    const page = describeNode(definition);
    if (values.json) console.out(JSON.stringify(page));
    else if (values.markdown) console.out(nodeMarkdown(page).trimEnd());
    else for (const line of pageLines(page)) console.out(line);
    return EXIT.done;
  },
};

function pageLines(page: NodePage): string[] {
  const indent = (lines: string[]) => lines.map((line) => `  ${line}`);
  const section = (title: string, lines: string[]) => (lines.length === 0 ? [] : ["", title, ...indent(lines)]);
  return [
    `${page.type} (${page.role ?? "its role follows from its settings"})`,
    page.summary,
    ...section("inputs", page.inputs),
    ...section("outputs", page.outputs),
    ...section(
      "with",
      page.fields.map(
        (field) =>
          `${field.name}: ${field.type}${field.required ? ", required" : ""}${field.default === undefined ? "" : `, default ${JSON.stringify(field.default)}`}${field.marks.length > 0 ? ` [${field.marks.join(", ")}]` : ""}${field.description ? `\n      ${field.description}` : ""}`,
      ),
    ),
    ...section("effects", page.effects.length > 0 ? [page.effects.join(", ")] : []),
  ];
}
