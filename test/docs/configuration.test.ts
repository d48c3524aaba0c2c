import { expect, test } from "bun:test";
import { readServerConfig } from "#engine/control";
import { configurationRows } from "./configuration.ts";
import { page } from "./pages.ts";

const { text, blocks } = page("docs/configuration.md");
const lines = text.split("\n");

test.each(configurationRows())("the page has the line %s", (row) => {
  expect(row).not.toEndWith("|  |"); // every key is described
  expect(lines).toContain(row);
});

test("the page has no key that the server does not take", () => {
  const known = new Set(configurationRows());
  const shown = lines.filter((line) => line.startsWith("| `"));
  expect(shown.filter((line) => !known.has(line))).toEqual([]);
});

test.each(
  blocks.filter(({ language }) => language === "yml").map(({ line, text: example }) => [line, example] as const),
)("the configuration at line %d holds", (_line, example) => {
  expect(readServerConfig(example, "parlando.yaml").findings).toEqual([]);
});
