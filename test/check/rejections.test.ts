import { expect, test } from "bun:test";
import { join } from "node:path";

const FOLDER = join(import.meta.dir, "..");
const HELD_UP = /\)\s*\.(?:rejects|resolves)\s*\./;

/** Why stands at `rejectionOf`. */
test("no test holds the event loop to wait for a promise", async () => {
  const found: string[] = [];
  for await (const path of new Bun.Glob("**/*.{ts,mjs}").scan(FOLDER))
    if (!path.includes("node_modules/") && HELD_UP.test(await Bun.file(join(FOLDER, path)).text())) found.push(path);
  expect(found).toEqual([]);
});
