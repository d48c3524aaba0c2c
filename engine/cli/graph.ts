import { parseArgs } from "node:util";
import { drawGraph } from "#engine/workflow";
import { type Command, EXIT, wrongUsage } from "./command.ts";
import { printFindings, printMends } from "./findings.ts";
import { planFile } from "./planning.ts";

const FORMATS = ["mermaid", "dot"] as const;

export const graph: Command = {
  name: "graph",
  usage: "FILE [--format mermaid|dot]",
  listedPlugins: true,
  summary: "Draw a workflow: nodes, ports, formats, conversions and queues",
  help: "Mermaid goes into any Markdown page; dot goes to Graphviz: parlando graph FILE --format dot | dot -Tsvg > graph.svg",
  async run(argv, console, world) {
    const { positionals, values } = parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: { format: { type: "string", default: "mermaid" } },
    });
    const [file] = positionals;
    if (!file || positionals.length > 1) return wrongUsage(this, console, "name one workflow file");
    const format = FORMATS.find((known) => known === values.format);
    if (!format) return wrongUsage(this, console, `--format ${values.format}: it is one of ${FORMATS.join(", ")}`);
    const { plan, findings } = await planFile(file, world, { purpose: "lint" });
    if (!plan) {
      printFindings(findings, console.err, console);
      printMends(findings, console);
      return EXIT.failed;
    }
    console.out(drawGraph(plan, format).trimEnd());
    return EXIT.done;
  },
};
