import type { Plan, PlannedEdge, PlannedNode } from "../plan.ts";
import { formatWords, policyWords, queueWords, silencedWords, whereWords } from "./words.ts";

/** A plan as a tree of lines for a terminal: from each source to what it feeds. What is fed by several stands in full once. */
export function drawText(plan: Plan): string {
  return new TreeDrawing(plan).draw();
}

class TreeDrawing {
  readonly #lines: string[] = [];
  readonly #drawn = new Set<string>();
  readonly #nodes: ReadonlyMap<string, PlannedNode>;
  readonly #from: ReadonlyMap<string, PlannedEdge[]>;

  constructor(readonly plan: Plan) {
    this.#nodes = new Map(plan.nodes.map((node) => [node.id, node]));
    this.#from = Map.groupBy(plan.edges, (edge) => edge.from.node);
  }

  draw(): string {
    const fed = new Set(this.plan.edges.map((edge) => edge.to.node));
    for (const node of this.plan.nodes)
      if (!fed.has(node.id)) {
        this.#lines.push(nodeWords(node, this.plan));
        this.#below(node, "");
      }
    return this.#lines.map((line) => `${line}\n`).join("");
  }

  #below(node: PlannedNode, indent: string): void {
    this.#drawn.add(node.id);
    const outputs = this.plan.outputs.flatMap(({ name, from }) =>
      from.filter((each) => each.node === node.id).map(({ port }) => `${port} ⇢ output ${name}`),
    );
    const edges = this.#from.get(node.id) ?? [];
    for (const [i, edge] of edges.entries()) {
      const last = i === edges.length - 1 && outputs.length === 0;
      const to = this.#nodes.get(edge.to.node)!;
      const known = this.#drawn.has(to.id);
      const arrow = `${giving(edge, node)} ${edge.direct ? "━▶" : "─▶"} `;
      const only = edge.where ? `where ${whereWords(edge)}; ` : "";
      const queue = edge.direct ? "" : `  (${only}${queueWords(edge)})`;
      this.#lines.push(
        `${indent}${last ? "└─" : "├─"} ${arrow}${known ? `${to.id}  above` : nodeWords(to, this.plan)}${queue}`,
      );
      if (!known) this.#below(to, `${indent}${last ? "   " : "│  "}`);
    }
    for (const [i, output] of outputs.entries())
      this.#lines.push(`${indent}${i === outputs.length - 1 ? "└─" : "├─"} ${output}`);
  }
}

function nodeWords(node: PlannedNode, plan: Plan): string {
  const more = [...(node.inserted ? ["put in by the plan"] : []), ...policyWords(node), ...silencedWords(node, plan)];
  return `${node.label ?? node.id}  ${node.type}${more.length > 0 ? `  [${more.join(", ")}]` : ""}`;
}

function giving({ from, kinds }: PlannedEdge, node: PlannedNode): string {
  const others = kinds.filter((kind) => kind !== "audio");
  const format = kinds.includes("audio") ? [`audio ${formatWords(node.outputFormats[from.port])}`] : [];
  const words = [...format, ...others].join(", ");
  return words.startsWith(from.port) ? words : `${from.port}: ${words}`;
}
