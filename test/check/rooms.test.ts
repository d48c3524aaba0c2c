import { afterAll, beforeAll, expect, test } from "bun:test";
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

const project = join(import.meta.dir, "../..");
const folder = mkdtempSync(join(tmpdir(), "parlando-rooms-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** One forbidden import each: the file that has it, what it imports, and the rule that says no. */
const forbidden = [
  { file: "engine/frames/a.ts", imports: "#engine/workflow", rule: "room-frames" },
  { file: "engine/workflow/b.ts", imports: "#engine/runtime", rule: "room-workflow" },
  { file: "engine/runtime/c.ts", imports: "#plugins/core", rule: "room-runtime" },
  { file: "engine/client/d.ts", imports: "#engine/plugin", rule: "side-room-client" },
  { file: "engine/testing/e.ts", imports: "#engine/cli", rule: "side-room-testing" },
  { file: "engine/cli/f.ts", imports: "../runtime/inside.ts", rule: "one-door" },
  { file: "engine/cli/g.ts", imports: "./index.ts", rule: "not-your-own-index" },
  { file: "plugins/core/h.ts", imports: "#engine/runtime", rule: "plugin-doors" },
  { file: "plugins/core/i.ts", imports: "#plugins/other", rule: "plugin-doors" },
  { file: "native/lib/j.ts", imports: "#engine/frames", rule: "native-doors" },
  { file: "engine/launch/k.mjs", imports: "zod", rule: "launcher-stands-alone" },
  { file: "engine/cli/l.ts", imports: "../../test/helper.ts", rule: "product-without-tests" },
  { file: "engine/cli/m.ts", imports: "yaml", rule: "yaml-in-one-room" },
  { file: "engine/cli/n.ts", imports: "./n.ts", rule: "no-circle" },
  { file: "engine/cli/o.ts", imports: "fast-check", rule: "no-development-package" },
  { file: "engine/cli/p.ts", imports: "./nowhere.ts", rule: "resolves" },
];

const allowed = [
  { file: "engine/runtime/q.ts", imports: "#engine/plugin" },
  { file: "engine/testing/r.ts", imports: "#engine/runtime" },
  { file: "engine/workflow/s.ts", imports: "yaml" },
  { file: "plugins/core/t.ts", imports: "#native/lib" },
  { file: "plugins/core/u.ts", imports: "#engine/plugin" },
  { file: "native/lib/v.ts", imports: "#engine/errors" },
  { file: "engine/main.ts", imports: "#plugins/core" },
];

/** Each `rule from → to` that dependency-cruiser reports. */
const violations: { rule: string; file: string }[] = [];

function write(file: string, text: string): void {
  mkdirSync(dirname(join(folder, file)), { recursive: true });
  writeFileSync(join(folder, file), text);
}

beforeAll(async () => {
  for (const file of ["package.json", "tsconfig.json", ".dependency-cruiser.cjs"])
    cpSync(join(project, file), join(folder, file));
  symlinkSync(join(project, "node_modules"), join(folder, "node_modules"));
  const doors = ["errors", "frames", "plugin", "workflow", "runtime", "cli", "client", "testing"].map(
    (room) => `engine/${room}`,
  );
  for (const door of [...doors, "plugins/core", "plugins/other", "native/lib"])
    write(`${door}/index.ts`, "export const x = 1;\n");
  for (const file of ["engine/runtime/inside.ts", "test/helper.ts"]) write(file, "export const x = 1;\n");
  for (const { file, imports } of [...forbidden, ...allowed])
    write(file, `import * as all from "${imports}";\nexport const y = all;\n`);
  const cruiser = join(project, "node_modules/dependency-cruiser/bin/dependency-cruiser.mjs");
  const child = Bun.spawn(
    [
      process.execPath,
      cruiser,
      "--config",
      ".dependency-cruiser.cjs",
      "--output-type",
      "json",
      "engine",
      "plugins",
      "native",
    ],
    { cwd: folder, stdin: "ignore", stdout: "pipe", stderr: "inherit" },
  );
  const report: { summary: { violations: { from: string; rule: { name: string } }[] } } = JSON.parse(
    await new Response(child.stdout).text(),
  );
  violations.push(...report.summary.violations.map(({ from, rule }) => ({ rule: rule.name, file: from })));
});

test.each(forbidden)("$file may not import $imports", ({ file, rule }) => {
  expect(violations).toContainEqual({ rule, file });
});

test.each(allowed)("$file may import $imports", ({ file }) => {
  expect(violations.filter((violation) => violation.file === file)).toEqual([]);
});
