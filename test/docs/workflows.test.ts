import { afterAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { planWorkflow } from "#engine/workflow";
import { deliveredTypes } from "#test/built-in-types";
import { callSteps } from "./console.ts";
import { type Block, PAGES, ROOT, TUTORIAL } from "./pages.ts";

setDefaultTimeout(60_000); // consoles run workflows and other programs, on a machine that may be busy

const types = deliveredTypes();
const read = PAGES.filter(({ path }) => path !== TUTORIAL && (path === "README.md" || path.startsWith("docs/")));
// inside the checkout, for TypeScript there resolves what the checkout's package.json maps
mkdirSync(join(ROOT, "runs"), { recursive: true });

describe.each(read.map((page) => [page.path, page] as const))("%s", (_path, { blocks }) => {
  const folder = mkdtempSync(join(ROOT, "runs", ".docs-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  for (const { name, text } of blocks)
    if (name !== undefined) {
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      writeFileSync(join(folder, name), text);
    }

  const workflows = blocks.filter(({ language }) => language === "yaml");
  if (workflows.length > 0)
    test.each(workflows.map((block) => [block.line, block] as const))("lints at line %d", async (_line, block) => {
      const { findings } = await lint(block, folder);
      const found = findings.filter(({ severity }) => severity !== "note");
      expect(found.map(({ code }): string => code).sort()).toEqual([...block.finds]);
    });

  const consoles = blocks.filter(({ language }) => language === "console");
  if (consoles.length > 0)
    test.each(consoles.map((block) => [block.line, block] as const))(
      "prints what it says at line %d",
      async (_, block) => {
        for (const { command, said, did } of await callSteps(block, folder))
          expect([command, did]).toEqual([command, said]);
      },
    );
});

const lint = ({ name, text }: Block, folder: string) =>
  planWorkflow(name === undefined ? { text, name: "w.yaml", dir: folder } : { path: name }, {
    types,
    purpose: "lint",
    environment: {},
    secret: () => undefined,
    cwd: folder,
  });
