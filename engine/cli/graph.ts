import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { drawGraph, drawSvg, drawText, type Plan } from "#engine/workflow";
import { type Command, EXIT, wrongUsage } from "./command.ts";
import { printFindings, printMends, tellLacking } from "./findings.ts";
import { planFile } from "./planning.ts";

const FORMATS = {
  text: drawText,
  mermaid: (plan: Plan) => drawGraph(plan, "mermaid"),
  dot: (plan: Plan) => drawGraph(plan, "dot"),
  svg: drawSvg,
} as const;

const isFormat = (name: string): name is keyof typeof FORMATS => Object.hasOwn(FORMATS, name);

export const graph: Command = {
  name: "graph",
  usage: "FILE [--format text|mermaid|dot|svg] [--svg FILE]",
  listedPlugins: true,
  summary: "Draw a workflow: nodes, ports, formats, conversions and queues",
  help: [
    "--svg FILE    a picture for people, light or dark as the reader's screen is",
    "--format F    text (the default on a terminal), mermaid (the default elsewhere) for any Markdown page, dot for Graphviz",
    "              (parlando graph FILE --format dot | dot -Tsvg > graph.svg), or svg, to standard output",
  ].join("\n"),
  async run(argv, console, world) {
    const { positionals, values } = parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: { format: { type: "string" }, svg: { type: "string" } },
    });
    const [file] = positionals;
    if (!file || positionals.length > 1) return wrongUsage(this, console, "name one workflow file");
    const format = values.format ?? (console.color ? "text" : "mermaid");
    if (!isFormat(format))
      return wrongUsage(this, console, `--format ${format}: it is one of ${Object.keys(FORMATS).join(", ")}`);
    if (values.svg !== undefined && values.format !== undefined)
      return wrongUsage(this, console, "--svg FILE needs no --format");
    const { plan, findings } = await planFile(file, world, { purpose: "lint", elsewhere: true });
    if (!plan) {
      printFindings(findings, console.err, console);
      printMends(findings, console);
      return EXIT.failed;
    }
    tellLacking(findings, console);
    if (values.svg === undefined) console.out(FORMATS[format](plan).trimEnd());
    else {
      await Bun.write(resolve(world.cwd, values.svg), drawSvg(plan));
      console.err(`wrote ${values.svg}`);
    }
    return EXIT.done;
  },
};
