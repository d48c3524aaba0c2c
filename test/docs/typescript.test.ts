import { afterAll, expect, setDefaultTimeout, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { PAGES, ROOT, TUTORIAL } from "./pages.ts";

setDefaultTimeout(120_000); // the compiler, on a machine that may be busy

const pages = PAGES.filter(({ path }) => path !== TUTORIAL);
const named = pages.flatMap(({ blocks }) => blocks).filter(({ name }) => name !== undefined);
const typescript = pages
  .flatMap(({ path, blocks }) => blocks.map((block) => ({ path, ...block })))
  .filter(({ language }) => language === "ts");
// inside the checkout, where its package.json says what #engine and #plugins are
mkdirSync(join(ROOT, "runs"), { recursive: true });
const folder = mkdtempSync(join(ROOT, "runs", ".examples-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
for (const { name, text } of named) {
  mkdirSync(dirname(join(folder, name!)), { recursive: true });
  writeFileSync(join(folder, name!), text);
}

const called = async (...args: string[]) => {
  const child = Bun.spawn([process.execPath, ...args], {
    cwd: folder,
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  const [out, err] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()]);
  return { status: await child.exited, text: out + err };
};

test("every example has a name, and no two share one", () => {
  expect(typescript.filter(({ name }) => name === undefined).map(({ path, line }) => `${path}:${line}`)).toEqual([]);
  const names = named.map(({ name }) => name!);
  expect(names.filter((name, i) => names.indexOf(name) !== i)).toEqual([]);
});

test("the examples compile", async () => {
  writeFileSync(
    join(folder, "tsconfig.json"),
    JSON.stringify({ extends: join(ROOT, "tsconfig.json"), compilerOptions: { types: ["bun"] }, include: ["**/*.ts"] }),
  );
  const { status, text } = await called(join(ROOT, "node_modules/typescript/bin/tsc"), "--noEmit", "-p", ".");
  expect({ status, text }).toEqual({ status: 0, text: "" });
});

test("the tests among the examples pass", async () => {
  const files = typescript.flatMap(({ name }) => (name?.endsWith(".test.ts") ? [`./${name}`] : []));
  expect(files).not.toEqual([]);
  const { status, text } = await called("test", ...files);
  expect(status, text).toBe(0);
});
