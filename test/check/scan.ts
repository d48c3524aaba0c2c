import { readdir } from "node:fs/promises";
import { join } from "node:path";

/**
 * What must not stand in a file that everybody gets. Each expression is written so that it does not match itself. The homes
 * `me`, `user` and `someone` are examples, and so are the passwords `word` and `password`.
 */
const unwanted: readonly { readonly what: string; readonly pattern: RegExp }[] = [
  { what: "a private key", pattern: /-----BEGIN [A-Z ]*PRIVATE KE[Y]-----/ },
  { what: "an AWS access key", pattern: /\b(?:AKIA|ASIA)[0-9A-Z]{16}\b/ },
  { what: "a Google API key", pattern: /\bAIza[0-9A-Za-z_-]{35}\b/ },
  { what: "an API key", pattern: /\bsk[-_](?:live[-_]|proj-|ant-)?[0-9A-Za-z_-]{24,}/ },
  { what: "a GitHub token", pattern: /\b(?:gh[pousr]_[0-9A-Za-z]{36}|github_pat_[0-9A-Za-z_]{40,})/ },
  { what: "an npm token", pattern: /\bnpm_[0-9A-Za-z]{36}\b/ },
  { what: "a Slack token", pattern: /\bxox[abprs]-[0-9A-Za-z-]{10,}/ },
  { what: "a registry password", pattern: /_(?:authToken|password|auth)\s*=\s*[^\s$"'`]{8,}/ },
  { what: "a bearer token", pattern: /[Bb]earer [0-9A-Za-z._-]{40,}/ },
  {
    what: "a password in an address",
    pattern: /\b[a-z][a-z+]*:\/\/[^\s/:@"'`$<>{}]+:(?!(?:pass)?word@)[^\s/@"'`$<>{}]{4,}@[a-z0-9.-]+/,
  },
  {
    what: "a package registry's host",
    pattern:
      /\b(?:https?:\/\/)?(?:registry|npm|artifactory|nexus)\.[a-z0-9-]+(?:\.[a-z0-9-]+)*\.(?:com|org|net|io|dev|internal|local)\b/,
  },
  {
    what: "a path of one machine",
    pattern:
      /(?:^|[\s"'`(=:])(?:\/(?:root|work|home\/(?!(?:me|user|someone)\/)[a-z][\w-]*|Users\/\w+)\/|[A-Z]:\\Users\\)\S/m,
  },
  { what: "a path in a temporary folder", pattern: /(?:^|[\s"'`(=:])\/(?:var\/)?tmp\/\w/m },
];

/** Text beyond this is a recording or a bundle; none is expected among the tracked files that hold text. */
const largestBytes = 2 * 1024 * 1024;

/** Findings in one file, each `path:line what`; never the text itself, which may be a real key. */
export function scanText(path: string, text: string): string[] {
  return unwanted.flatMap(({ what, pattern }) => {
    const every = new RegExp(pattern.source, `${pattern.flags}g`);
    return [...text.matchAll(every)].map((match) => {
      const line = text.slice(0, match.index + match[0].search(/\S/)).split("\n").length;
      return `${path}:${line} ${what}`;
    });
  });
}

/** Scans the tracked files of a checkout, or all but the installed ones where git or its folder is missing. */
export async function scanCheckout(folder: string): Promise<{ files: number; findings: string[] }> {
  const paths = (await trackedFiles(folder)) ?? (await walkFiles(folder));
  const findings: string[] = [];
  for (const path of paths) {
    const file = Bun.file(join(folder, path));
    if (!(await file.exists()) || file.size > largestBytes) continue; // removed, but not yet from the index
    const text = await file.text();
    if (!text.includes("\0")) findings.push(...scanText(path, text));
  }
  return { files: paths.length, findings };
}

async function trackedFiles(folder: string): Promise<string[] | undefined> {
  if (!Bun.which("git")) return undefined;
  const child = Bun.spawn(["git", "ls-files", "-z"], {
    cwd: folder,
    stdin: "ignore",
    stdout: "pipe",
    stderr: "ignore",
  });
  const listed = await new Response(child.stdout).text();
  return (await child.exited) === 0 ? listed.split("\0").filter(Boolean) : undefined;
}

const untracked = new Set([".git", "node_modules", "runs"]);

async function walkFiles(folder: string): Promise<string[]> {
  const names = await readdir(folder);
  const inside = names.filter((name) => !untracked.has(name));
  const found = await Promise.all(
    inside.map(async (name) => {
      const entries = await readdir(join(folder, name), { recursive: true, withFileTypes: true }).catch(
        () => undefined,
      );
      if (!entries) return [name];
      return entries.filter((e) => e.isFile()).map((e) => join(e.parentPath, e.name).slice(folder.length + 1));
    }),
  );
  return found.flat();
}
