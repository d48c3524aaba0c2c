import { describe, expect, test } from "bun:test";
import { blocksOf, brokenLink, changed, linksOf, PAGES } from "./pages.ts";

/** Languages of blocks that other tests look at (`yml` is an example of a code, tried with the linter), or that nobody can check. */
const KNOWN = ["yaml", "yml", "ts", "console", "sh", "mermaid", "text", "json", "bash", "python", "html", "diff"];

describe.each(PAGES.map((page) => [page.path, page] as const))("%s", (path, page) => {
  test("links lead somewhere", () => {
    expect(linksOf(page).flatMap(({ to, line }) => brokenLink(path, to)?.concat(` (line ${line})`) ?? [])).toEqual([]);
  });

  test("blocks say in which language they are", () => {
    expect(page.blocks.filter(({ language }) => !KNOWN.includes(language)).map(({ line }) => line)).toEqual([]);
  });
});

test("a block's words are its name and what lint finds in it", () => {
  expect(blocksOf("a\n```yaml w.yaml finds B A\nx: 1\n```\n```text\n```\n")).toEqual([
    { language: "yaml", name: "w.yaml", finds: ["A", "B"], text: "x: 1\n", line: 3 },
    { language: "text", finds: [], text: "", line: 6 },
  ]);
});

test.each([
  ["docs/install.md", "../README.md", undefined],
  ["docs/install.md", "nowhere.md", "nowhere.md: there is no docs/nowhere.md"],
  ["README.md", "#a-workflow", undefined],
  ["README.md", "docs/install.md#cellar", "docs/install.md#cellar: docs/install.md has no heading of that name"],
])("from %s, %s is answered with %p", (from, to, broken) => {
  expect(brokenLink(from, to)).toBe(broken);
});

test("a change needs its place, and one alone", () => {
  expect(changed("a\nb\nc\n", " a\n-b\n+d\n c\n")).toBe("a\nd\nc\n");
  expect(() => changed("a\nb\n", "-c\n+d\n")).toThrow("there 0 times");
  expect(() => changed("a\nb\na\n", "-a\n+d\n")).toThrow("there 2 times");
});
