import type { AudioFormat } from "#engine/plugin";
import { silencedWords, whereWords } from "./draw/words.ts";
import type { Plan, PlannedEdge, PlannedNode } from "./plan.ts";

/** A plan as a drawing for people: nodes with their types, edges with ports, formats and queues, conversions, the workflow's own outputs. */
export function drawGraph(plan: Plan, format: "mermaid" | "dot"): string {
  const names = new Map(plan.nodes.map((node, index) => [node.id, `n${index}`]));
  const drawing = { plan, name: (id: string) => names.get(id) ?? "unknown" };
  return format === "mermaid" ? mermaid(drawing) : dot(drawing);
}

interface Drawing {
  readonly plan: Plan;
  /** A name that is safe in the language of the drawing. */
  name(id: string): string;
}

function mermaid({ plan, name }: Drawing): string {
  const quote = (lines: readonly string[]) =>
    `"${lines.map((line) => line.replace(/[&<>"#;`]/g, (sign) => `#${sign.codePointAt(0)};`)).join("<br/>")}"`;
  const shape = (node: PlannedNode) => {
    const label = quote(nodeLines(node, plan));
    if (node.inserted) return `{{${label}}}`;
    return isSource(node) ? `([${label}])` : `[${label}]`;
  };
  const lines = [
    "flowchart LR",
    ...plan.nodes.map((node) => `  ${name(node.id)}${shape(node)}`),
    ...plan.edges.map(
      (edge) =>
        `  ${name(edge.from.node)} ${edge.direct ? "==>" : "-->"}|${quote(edgeLines(edge, plan))}| ${name(edge.to.node)}`,
    ),
  ];
  for (const [index, output] of plan.outputs.entries()) {
    lines.push(`  out${index}[/${quote([`outputs.${output.name}`])}/]`);
    for (const { node, port } of output.from) lines.push(`  ${name(node)} -.->|${quote([port])}| out${index}`);
  }
  return `${lines.join("\n")}\n`;
}

function dot({ plan, name }: Drawing): string {
  const quote = (lines: readonly string[]) =>
    `"${lines.map((line) => line.replace(/[\\"]/g, "\\$&").replaceAll("\n", " ")).join("\\n")}"`;
  const shape = (node: PlannedNode) => (node.inserted ? "hexagon" : isSource(node) ? "oval" : "box");
  const lines = [
    `digraph ${quote([plan.name])} {`,
    "  rankdir=LR;",
    '  node [fontname="sans-serif"]; edge [fontname="sans-serif", fontsize=10];',
    ...plan.nodes.map((node) => `  ${name(node.id)} [shape=${shape(node)}, label=${quote(nodeLines(node, plan))}];`),
    ...plan.edges.map((edge) => {
      const style = edge.direct ? ", style=bold" : "";
      return `  ${name(edge.from.node)} -> ${name(edge.to.node)} [label=${quote(edgeLines(edge, plan))}${style}];`;
    }),
  ];
  for (const [index, output] of plan.outputs.entries()) {
    lines.push(`  out${index} [shape=parallelogram, label=${quote([`outputs.${output.name}`])}];`);
    for (const { node, port } of output.from)
      lines.push(`  ${name(node)} -> out${index} [label=${quote([port])}, style=dashed];`);
  }
  return `${lines.join("\n")}\n}\n`;
}

const isSource = (node: PlannedNode): boolean => Object.keys(node.formats).length === 0;

function nodeLines(node: PlannedNode, plan: Plan): string[] {
  const lines = [node.label ?? node.id, node.type];
  if (node.candidates) lines.push(`then ${node.candidates.slice(1).join(", then ")}`);
  if (node.attempts !== undefined) lines.push(`up to ${node.attempts} attempts`);
  if (node.onFailure === "continue") lines.push("may fail");
  if (node.gate) lines.push(`gate: ${node.gate}`);
  return [...lines, ...silencedWords(node, plan)];
}

function edgeLines(edge: PlannedEdge, plan: Plan): string[] {
  const lines = [`${edge.from.port} → ${edge.to.port}`, edge.kinds.join(", ")];
  const format = plan.nodes.find((node) => node.id === edge.from.node)?.outputFormats[edge.from.port];
  if (edge.kinds.includes("audio")) lines.push(formatWords(format));
  if (!edge.direct) lines.push(bufferWords(edge));
  if (edge.order === "arrival") lines.push("in order of arrival");
  if (edge.where) lines.push(`where ${whereWords(edge)}`);
  return lines;
}

const formatWords = (format: AudioFormat | undefined): string =>
  format ? `${format.sampleRateHz} Hz, ${format.channels} ch` : "format known at the start";

function bufferWords({ kinds, buffer }: PlannedEdge): string {
  const audio = kinds.includes("audio") ? [`${buffer.ms} ms`] : [];
  const others = kinds.some((kind) => kind !== "audio")
    ? [`${buffer.frames} frame${buffer.frames === 1 ? "" : "s"}`]
    : [];
  return `${[...audio, ...others].join(", ")}, ${buffer.whenFull}`;
}
