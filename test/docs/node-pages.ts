import { existsSync, readdirSync } from "node:fs";
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

/** Roles whose work a service does. */
const SERVED: readonly string[] = ["asr", "file-asr", "interpret", "translate", "tts"];

/** What judged the nodes of a plugin that call a service, beside the suites of their roles. */
const JUDGES: Readonly<Record<string, string>> = {
  aliyun:
    "the vendor's published vectors; its own library for Node, which judges the gateway that the node is tried on",
  rtvt: "the vendor's published vectors",
  tencent: "the vendor's published vectors",
};

/** On which days `doctor --live --record` has kept what the service said to a node type, as fixtures of its tests. */
function liveDays(type: string): string[] {
  const folder = join(ROOT, "test/plugins", type.split(".")[0]!, "fixtures/live");
  const files = existsSync(folder) ? readdirSync(folder) : [];
  return files
    .flatMap((file) => (file.startsWith(`${type}.`) ? [file.slice(type.length + 1, -".jsonl".length)] : []))
    .sort();
}

/** What verified a node that calls a service; empty for all others. */
export function verifiedBy({ type, effects, role }: Pick<NodePage, "type" | "effects" | "role">): string {
  if (!effects.includes("network") || !SERVED.includes(role ?? "")) return "";
  const days = liveDays(type);
  const judges = ["the tests of its plugin on a stand-in service, with faults", JUDGES[type.split(".")[0]!]].filter(
    Boolean,
  );
  const live = days.length > 0 ? days.join(", ") : "not yet, no key was at hand (`parlando doctor --live`)";
  return `\n## What verified it\n\n- offline: ${judges.join("; ")}\n- live: ${live}\n`;
}

const pages: readonly NodePage[] = plugins.flatMap(({ nodes }) => nodes.map(describeNode));

/** `docs/nodes/`: a file for each node type, by its path from the root. */
export const nodeFiles: ReadonlyMap<string, string> = new Map(
  pages.map((page) => [
    `docs/nodes/${page.type}.md`,
    `<!-- written by bun test/docs/write.ts -->\n\n${nodeMarkdown(page)}${verifiedBy(page)}\nAll node types: [docs/nodes.md](../nodes.md).\n`,
  ]),
);

/** The list of all, with the page of each. */
export function nodeList(): string {
  const rows = pages.map(
    ({ type, role, summary }) => `| [\`${type}\`](nodes/${type}.md) | ${role ?? "by its settings"} | ${summary} |`,
  );
  return ["| type | role |  |", "| --- | --- | --- |", ...rows].join("\n");
}
