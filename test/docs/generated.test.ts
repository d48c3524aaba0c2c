import { expect, test } from "bun:test";
import { SECTIONS, withSection } from "./generated.ts";
import { page } from "./pages.ts";

test.each(SECTIONS.map((section) => [section.page, section.name, section] as const))(
  "%s: %s is what the code says; else run bun test/docs/write.ts",
  (path, _name, section) => {
    const { text } = page(path);
    expect(text).toBe(withSection(text, section));
  },
);

test("a column that is written by hand is kept, and stays open where nothing was written", () => {
  const packages = SECTIONS.find(({ name }) => name === "packages")!;
  const made = packages.make("| `zod` | 1 | x | What comes in \\| out. |\n");
  expect(made).toMatch(/^\| `zod` \| \d.* \| MIT \| What comes in \\\| out\. \|$/m);
  expect(made).toMatch(/^\| `yaml` \| \d.* \| ISC \| — \|$/m);
});

test("every setting of a node type has its words", () => {
  expect(page("docs/nodes.md").text.match(/^\| `\w+` \|.*\| {2}\|$/gm) ?? []).toEqual([]);
});

test("a page without the marks of its section is refused", () => {
  expect(() => withSection("# Codes\n", SECTIONS[0]!)).toThrow("no place for");
});
