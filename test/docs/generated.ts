import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ERROR_TRAITS } from "#engine/errors";
import { FINDING_CODES } from "#engine/workflow";
import { errorPages, findingPages } from "./codes.ts";
import { statusOf } from "./coverage.ts";
import { examplePictures } from "./example-pictures.ts";
import { eventTable, messageTables } from "./messages.ts";
import { nodeFiles, nodeList } from "./node-pages.ts";
import { broughtBy, directPackages, type Package } from "./packages.ts";
import { ROOT } from "./pages.ts";
import { chart } from "./performance/chart.ts";
import { goalTable, machineText, missedText, partsTable } from "./performance/figures.ts";
import { pictureFiles } from "./pictures.ts";
import { surfaceFiles } from "./surface.ts";

/** A part of a page that is made from the code, between two marks. */
export interface Section {
  readonly page: string;
  readonly name: string;
  /** @param before what stands there now: the last column of some tables is written by hand and kept. */
  make(before: string): string;
}

export const SECTIONS: readonly Section[] = [
  { page: "docs/nodes.md", name: "node types", make: nodeList },
  { page: "docs/workflows.md", name: "findings", make: findings },
  { page: "docs/plugins.md", name: "codes", make: codes },
  { page: "docs/codes.md", name: "findings", make: findingPages },
  { page: "docs/codes.md", name: "errors", make: errorPages },
  { page: "docs/plugins.md", name: "context", make: contextMembers },
  { page: "docs/api.md", name: "messages", make: messageTables },
  { page: "docs/api.md", name: "events", make: eventTable },
  { page: "docs/notices.md", name: "packages", make: (before) => packages(directPackages().used, before) },
  {
    page: "docs/notices.md",
    name: "optional packages",
    make: (before) => packages(directPackages().optional, before),
  },
  {
    page: "docs/notices.md",
    name: "development packages",
    make: (before) => packages(directPackages().development, before),
  },
  { page: "docs/status.md", name: "coverage", make: statusOf },
  { page: "docs/notices.md", name: "brought packages", make: broughtPackages },
  { page: "docs/performance.md", name: "goals", make: goalTable },
  { page: "docs/performance.md", name: "missed", make: missedText },
  { page: "docs/performance.md", name: "parts", make: partsTable },
  { page: "docs/performance.md", name: "machine", make: machineText },
];

/** Files that are made from the code as a whole, by path from the root. */
export const wholeFiles = (): ReadonlyMap<string, string> =>
  new Map([...nodeFiles, ...pictureFiles, ...examplePictures, ...surfaceFiles(), ["docs/performance.svg", chart()]]);

/** Folders that hold nothing else. */
export const WHOLE_FOLDERS = ["docs/nodes", "docs/pictures", "docs/surface"] as const;

/** A page with one of its sections made anew. */
export function withSection(text: string, { page, name, make }: Section): string {
  const open = `<!-- ${name}: written by bun test/docs/write.ts -->\n`;
  const close = `<!-- end of ${name} -->`;
  const from = text.indexOf(open);
  const to = text.indexOf(close);
  if (from < 0 || to < from) throw new Error(`${page} has no place for "${name}": ${open}${close}`);
  const before = text.slice(from + open.length, to);
  return `${text.slice(0, from)}${open}\n${make(before).trim()}\n\n${text.slice(to)}`;
}

const cell = (text: string): string => text.replaceAll("|", "\\|").replaceAll("\n", " ");

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => "---"), ...rows].map((row) => `| ${row.map(cell).join(" | ")} |`).join("\n");

/** What the last column of a table says by its first, where somebody wrote it. */
function written(before: string, first: string): string {
  const row = before.split("\n").find((line) => line.startsWith(`| ${cell(first)} |`));
  return (
    row
      ?.split(/(?<!\\)\|/)
      .at(-2)
      ?.trim()
      .replaceAll("\\|", "|") || "—"
  );
}

function findings(): string {
  const rows = Object.entries(FINDING_CODES).map(([code, { meaning, mend }]) => [`\`${code}\``, meaning, mend]);
  return table(["code", "meaning", "what to do"], rows);
}

const yes = (value: boolean): string => (value ? "yes" : "no");

/** Codes with what follows from them, under what the table's own comments call their groups. */
function codes(): string {
  const source = readFileSync(join(ROOT, "engine/errors/codes.ts"), "utf8");
  let about = "";
  const groups = new Map<string, string>();
  for (const line of source.slice(source.indexOf("ERROR_TRAITS")).split("\n")) {
    about = /^ {2}\/\/ (.+)$/.exec(line)?.[1] ?? about;
    const code = /^ {2}([A-Z_]+):/.exec(line)?.[1];
    if (code) groups.set(code, about);
  }
  const rows = Object.entries(ERROR_TRAITS).map(([code, { httpStatus, retryable, usable }]) => [
    `\`${code}\``,
    groups.get(code) ?? "",
    String(httpStatus),
    yes(retryable),
    yes(usable),
  ]);
  return table(["code", "about", "HTTP", "retryable", "usable"], rows);
}

/** The members of the context with the first sentence of each one's docstring; what has none keeps the words that were written. */
function contextMembers(before: string): string {
  const source = readFileSync(join(ROOT, "engine/plugin/context.ts"), "utf8");
  const from = source.indexOf("export interface NodeContext {");
  const body = source.slice(from, source.indexOf("\n}\n", from));
  const members = body.matchAll(
    /(?:\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\s+)?^ {2}(?:readonly )?(\w+)(<\w+>)?(\(.*\))?: (.+);$/gm,
  );
  const rows = [...members].map(([, comment, name = "", , call]) => {
    const member = `\`${name}${call === undefined ? "" : "()"}\``;
    const sentence = comment && /^.*?\.(?= |$)/.exec(comment.replace(/\s*\n?\s*\*\s+/g, " ").trim())?.[0];
    return [member, sentence ?? written(before, member)];
  });
  return table(["member", ""], rows);
}

function packages(list: readonly Package[], before: string): string {
  const rows = list.map(({ name, version, license }) => [
    `\`${name}\``,
    version,
    license,
    written(before, `\`${name}\``),
  ]);
  return table(["package", "version", "licence", "used for"], rows);
}

function broughtPackages(): string {
  const byLicence = Map.groupBy(broughtBy(directPackages().used), ({ license }) => license);
  const lines = [...byLicence].sort().map(([licence, list]) => {
    const names = list.map(({ name, version }) => `\`${name}\` ${version}`);
    return `- ${licence}: ${names.join(", ")}`;
  });
  return lines.join("\n");
}
