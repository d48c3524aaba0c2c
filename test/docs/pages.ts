import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** A checkout's root, which all pages are named from. */
export const ROOT = join(import.meta.dir, "../..");

/** Walked from its top to its end in a folder of its own, by a test of its own. */
export const TUTORIAL = "docs/tutorial.md";

/**
 * A fenced block of a page. What stands after the language says what it is:
 * - `yaml` is a workflow that lints without an error or a warning; `finds CODE…` names what lint finds in it instead.
 * - `yaml NAME`, `ts NAME` and others with a name are files of the page's own folder, for the blocks after it.
 * - `console` holds commands after `$ `, called in that folder, each with what it prints.
 * - `diff NAME`, in the tutorial, changes a file that is there.
 */
export interface Block {
  readonly language: string;
  readonly name?: string;
  /** Codes that lint finds, sorted. */
  readonly finds: readonly string[];
  readonly text: string;
  /** Of its first line of text, from 1. */
  readonly line: number;
}

export interface Page {
  /** From the root, such as `docs/runs.md`. */
  readonly path: string;
  readonly text: string;
  readonly blocks: readonly Block[];
}

/** README, everything in `docs/`, and what the plugins and samples say of themselves. */
export const PAGES: readonly Page[] = [
  "README.md",
  ...readdirSync(join(ROOT, "docs"))
    .filter((name) => name.endsWith(".md"))
    .sort()
    .map((name) => `docs/${name}`),
  ...readdirSync(join(ROOT, "plugins"))
    .sort()
    .map((name) => `plugins/${name}/README.md`)
    .filter((path) => existsSync(join(ROOT, path))),
  "workflows/samples/README.md",
].map(readPage);

export function page(path: string): Page {
  const found = PAGES.find((each) => each.path === path);
  if (!found) throw new Error(`there is no page ${path}`);
  return found;
}

function readPage(path: string): Page {
  const text = readFileSync(join(ROOT, path), "utf8");
  return { path, text, blocks: blocksOf(text) };
}

export function blocksOf(text: string): Block[] {
  const blocks: Block[] = [];
  let open: { info: string; line: number; lines: string[] } | undefined;
  for (const [index, line] of text.split("\n").entries()) {
    const fence = /^```(.*)$/.exec(line);
    if (!fence) open?.lines.push(line);
    else if (!open) open = { info: fence[1]!, line: index + 2, lines: [] };
    else {
      blocks.push(block(open.info, open.lines, open.line));
      open = undefined;
    }
  }
  if (open) throw new Error(`the block before line ${open.line} is not closed`);
  return blocks;
}

function block(info: string, lines: readonly string[], line: number): Block {
  const [language = "", ...rest] = info.trim().split(/\s+/);
  const at = rest.indexOf("finds");
  const [name] = at < 0 ? rest : rest.slice(0, at);
  const finds = at < 0 ? [] : rest.slice(at + 1).sort();
  return {
    language,
    ...(name !== undefined && { name }),
    finds,
    text: lines.map((each) => `${each}\n`).join(""),
    line,
  };
}

/**
 * A text with a change made to it: lines with a minus go, lines with a plus come, the others stand around them.
 * @throws Error where they stand nowhere, or more than once.
 */
export function changed(text: string, diff: string): string {
  const lines = diff.split("\n").slice(0, -1);
  const side = (not: string) => lines.flatMap((line) => (line.startsWith(not) ? [] : [`${line.slice(1)}\n`])).join("");
  const found = text.split(side("+"));
  if (found.length !== 2) throw new Error(`what a change is made to is there ${found.length - 1} times:\n${side("+")}`);
  return found.join(side("-"));
}

export interface Link {
  readonly to: string;
  readonly line: number;
}

/** Links to other files of the checkout and to headings, outside of code. */
export function linksOf({ text }: Page): Link[] {
  const links: Link[] = [];
  let code = false;
  for (const [index, line] of text.split("\n").entries()) {
    if (line.startsWith("```")) code = !code;
    if (code) continue;
    for (const [, to] of line.replace(/`[^`]*`/g, "").matchAll(/\]\(([^)\s]+)\)/g))
      if (to && !/^[a-z]+:/.test(to)) links.push({ to, line: index + 1 });
  }
  return links;
}

/** What is wrong with a link of a page; undefined where it leads somewhere. */
export function brokenLink(from: string, to: string): string | undefined {
  const [file = "", heading] = to.split("#");
  const path = file === "" ? from : join(dirname(from), file);
  if (!existsSync(join(ROOT, path))) return `${to}: there is no ${path}`;
  if (heading === undefined || anchorsOf(readFileSync(join(ROOT, path), "utf8")).includes(heading)) return undefined;
  return `${to}: ${path} has no heading of that name`;
}

/** The anchors that a forge makes from headings: lower case, no punctuation, hyphens for blanks. */
const anchorsOf = (text: string): string[] =>
  [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading]) =>
    heading!
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, "")
      .replaceAll(" ", "-"),
  );
