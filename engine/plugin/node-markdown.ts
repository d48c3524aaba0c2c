import type { FieldPage, NodePage } from "./describe.ts";

/** A node type's page as Markdown: what `docs/nodes/` holds and `parlando nodes TYPE --markdown` prints. */
export function nodeMarkdown(page: NodePage): string {
  const { type, summary, shape, role, inputs, outputs, fields, effects } = page;
  const facts = [
    `- role: ${role ?? "follows from the settings, as do its ports"}; shape: ${shape}`,
    ...inputs.map((line) => `- in: ${port(line)}`),
    ...outputs.map((line) => `- out: ${port(line)}`),
    ...(effects.length > 0 ? [`- effects: ${effects.join(", ")}`] : []),
  ];
  const rows = fields.map(fieldRow);
  const settings =
    rows.length === 0 ? ["It has no settings."] : ["## Settings", table(["setting", "value", "default", ""], rows)];
  return `${[`# ${type}`, summary, facts.join("\n"), ...settings].join("\n\n")}\n`;
}

const port = (line: string): string => line.replace(/^([^:]+):/, "`$1`:");

function fieldRow({ name, type, required, default: standard, marks, description = "" }: FieldPage): string[] {
  const value = standard === undefined ? (required ? "required" : "") : `\`${JSON.stringify(standard)}\``;
  return [`\`${name}\``, [type, ...marks].join("; "), value, description];
}

const cell = (text: string): string => text.replaceAll("|", "\\|").replaceAll("\n", " ");

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => "---"), ...rows].map((row) => `| ${row.map(cell).join(" | ")} |`).join("\n");
