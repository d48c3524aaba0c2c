import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { faultScriptSchema } from "#engine/plugin";
import { readYaml } from "#engine/workflow";
import { page, ROOT } from "./pages.ts";

const { blocks } = page("docs/gateways.md");

test.each(["wire.ts", "asr.ts", "gateway.ts"])("the made-up vendor's %s stands on the page as it is tested", (file) => {
  const shown = blocks.find(({ name }) => name === `plugins/toy/${file}`);
  expect(shown?.text).toBe(readFileSync(join(ROOT, "test/support/toy-vendor", file), "utf8"));
});

test("the script of faults is one", () => {
  const script = blocks.find(({ text }) => text.startsWith("faults:"));
  const { value, findings } = readYaml(script?.text ?? "", faultScriptSchema, "faults.yaml");
  expect(findings).toEqual([]);
  expect(value?.faults).toHaveLength(7);
});
