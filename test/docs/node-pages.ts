import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describeNode, type NodePage, nodeMarkdown, type Plugin } from "#engine/plugin";
import { ROOT } from "./pages.ts";

/** Every plugin of this checkout, the core first. */
const plugins: readonly Plugin[] = await Promise.all(
  readdirSync(join(ROOT, "plugins"))
    .sort((a, b) => Number(b === "core") - Number(a === "core") || (a < b ? -1 : 1))
    .map(async (name) => {
      const module: { readonly default: Plugin } = await import(join(ROOT, "plugins", name, "index.ts"));
      return module.default;
    }),
);

const pages: readonly NodePage[] = plugins.flatMap(({ nodes }) => nodes.map(describeNode));

/** `docs/nodes/`: a file for each node type, by its path from the root. */
export const nodeFiles: ReadonlyMap<string, string> = new Map(
  pages.map((page) => [
    `docs/nodes/${page.type}.md`,
    `<!-- written by bun test/docs/write.ts -->\n\n${nodeMarkdown(page)}\nAll node types: [docs/nodes.md](../nodes.md).\n`,
  ]),
);

/** The list of all, with the page of each. */
export function nodeList(): string {
  const rows = pages.map(
    ({ type, role, summary }) => `| [\`${type}\`](nodes/${type}.md) | ${role ?? "by its settings"} | ${summary} |`,
  );
  return ["| type | role |  |", "| --- | --- | --- |", ...rows].join("\n");
}
