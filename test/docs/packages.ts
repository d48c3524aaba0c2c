import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { z } from "zod";
import { ROOT } from "./pages.ts";

const manifest = z.object({
  name: z.string(),
  version: z.string(),
  license: z.string().default("not stated"),
  dependencies: z.record(z.string(), z.string()).default({}),
});

export type Package = z.output<typeof manifest> & { readonly folder: string };

const own = z.object({
  dependencies: z.record(z.string(), z.string()),
  devDependencies: z.record(z.string(), z.string()),
  optionalDependencies: z.record(z.string(), z.string()),
});

/** The npm packages that this project names, as they are installed. */
export function directPackages(): Readonly<Record<"used" | "optional" | "development", Package[]>> {
  const { dependencies, devDependencies, optionalDependencies } = own.parse(readJson(join(ROOT, "package.json")));
  const installed = (names: object) => Object.keys(names).map((name) => find(name, ROOT));
  return {
    used: installed(dependencies),
    optional: installed(optionalDependencies),
    development: installed(devDependencies),
  };
}

/** What packages need in turn, themselves left out, by name. What is optional and not installed is not among it. */
export function broughtBy(packages: readonly Package[]): Package[] {
  const found = new Map<string, Package>();
  const walk = ({ dependencies, folder }: Package) => {
    for (const name of Object.keys(dependencies)) {
      const next = find(name, folder);
      const key = `${next.name} ${next.version}`;
      if (found.has(key)) continue;
      found.set(key, next);
      walk(next);
    }
  };
  for (const each of packages) walk(each);
  const named = new Set(packages.map(({ name }) => name));
  return [...found.values()].filter(({ name }) => !named.has(name)).sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** A package as a module in a folder would get it. */
function find(name: string, from: string): Package {
  for (let at = from; ; at = dirname(at)) {
    const folder = join(at, "node_modules", name);
    if (existsSync(join(folder, "package.json")))
      return { ...manifest.parse(readJson(join(folder, "package.json"))), folder };
    if (at === dirname(at)) throw new Error(`the package ${name}, which ${from} needs, is not installed`);
  }
}

const readJson = (path: string): unknown => JSON.parse(readFileSync(path, "utf8"));
