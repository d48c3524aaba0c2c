import { expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { callCommand } from "#test/called-command";
import { SECTIONS, WHOLE_FOLDERS, wholeFiles, withSection } from "./generated.ts";
import { page, ROOT } from "./pages.ts";

const files = wholeFiles();

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

test.each([...files])("%s is what the code says; else run bun test/docs/write.ts", (path, text) => {
  expect(existsSync(join(ROOT, path)) ? readFileSync(join(ROOT, path), "utf8") : "").toBe(text);
});

test.each(WHOLE_FOLDERS)("%s holds nothing else", (folder) => {
  expect(readdirSync(join(ROOT, folder)).filter((name) => !files.has(`${folder}/${name}`))).toEqual([]);
});

test("every setting of a node type has its words", () => {
  const bare = [...files].flatMap(
    ([path, text]) => text.match(/^\| `\w+` \|.*\| {2}\|$/gm)?.map((row) => path + row) ?? [],
  );
  expect(bare).toEqual([]);
});

test("the report of the public surface names every export, and finds each", async () => {
  for (const name of ["plugin", "client", "testing"] as const) {
    const text = files.get(`docs/surface/${name}.txt`) ?? "";
    expect(text.match(/^\w+ is not found$/gm) ?? []).toEqual([]);
    const module: object = await import(join(ROOT, "engine", name, "index.ts"));
    expect(Object.keys(module).filter((each) => !new RegExp(`\\b${each}\\b`).test(text))).toEqual([]);
  }
});

test("a page without the marks of its section is refused", () => {
  expect(() => withSection("# Codes\n", SECTIONS[0]!)).toThrow("no place for");
});

test("parlando nodes TYPE --markdown prints the page of a node type", async () => {
  const { text } = await callCommand(["nodes", "webrtc.vad", "--markdown"], ROOT);
  expect(files.get("docs/nodes/webrtc.vad.md")).toContain(text);
});
