import { expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { EXIT } from "#engine/cli";
import { HUNG_EXIT_STATUS } from "#engine/runtime";
import { page, ROOT } from "./pages.ts";

const { text } = page("docs/runs.md");
const source = (path: string) => readFileSync(join(ROOT, path), "utf8");

/** Words in quotes that an expression finds in a file. */
const words = (path: string, within: RegExp): string[] => {
  const found = within.exec(source(path))?.[0];
  if (found === undefined) throw new Error(`${path} has nothing like ${within}`);
  return [...found.matchAll(/"([\w.]+)"/g)].map(([, word]) => word!);
};

/** The types of events that the files of a folder report. */
const told = (folder: string): string[] =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts"))
    .flatMap((name) =>
      [...source(join(folder, name)).matchAll(/report\(\{\s*type: "(\w+)"/g)].map(([, type]) => type!),
    );

const happenings = [...source("engine/runtime/events.ts").matchAll(/readonly type: "([\w.]+)"/g)].map(
  ([, type]) => type!,
);

test.each([
  ["events", happenings],
  ["states of a run", words("engine/runtime/report.ts", /type RunState = [^;]+/)],
  ["reasons to drop a frame", words("engine/runtime/edge.ts", /type DropReason = [^;]+/)],
  ["units of usage", words("engine/plugin/context.ts", /type UsageUnit = [^;]+/)],
  [
    "kinds of frames",
    [...source("engine/frames/frame.ts").matchAll(/readonly kind: "(\w+)"/g)].map(([, kind]) => kind!),
  ],
])("%s are all named", (_what, names) => {
  expect(names).not.toEqual([]);
  expect(names.filter((name) => !text.includes(`\`${name}\``))).toEqual([]);
});

const described = readdirSync(join(ROOT, "plugins"))
  .map((name) => `plugins/${name}`)
  .filter((folder) => existsSync(join(ROOT, folder, "README.md")));

test.each(["engine/plugin", ...described])(
  "what nodes of %s tell is named there, or in the README of the plugin",
  (folder) => {
    const pages = text + (folder === "engine/plugin" ? "" : source(`${folder}/README.md`));
    expect(told(folder).filter((type) => !pages.includes(`\`${type}\``))).toEqual([]);
  },
);

test("exit statuses are all named", () => {
  const statuses = text.slice(text.indexOf("## Exit statuses"), text.indexOf("## The watchdog"));
  for (const status of [...Object.values(EXIT), HUNG_EXIT_STATUS]) expect(statuses).toContain(`\n| ${status} |`);
});
