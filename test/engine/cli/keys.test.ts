import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { callCommand } from "#test/called-command";
import { openTestControl } from "#test/control";

const folder = mkdtempSync(join(tmpdir(), "parlando-keys-"));
const store = join(folder, "parlando-data");
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const keys = (...args: string[]) => callCommand(["keys", ...args], folder);
const keyIn = (text: string) => /^parlando_\S+$/m.exec(text)?.[0] ?? "";
const idIn = (text: string) => /key_\w+/.exec(text)?.[0] ?? "";

test("a key that is made opens the server, is listed without what opens it, and once revoked opens nothing", async () => {
  const made = await keys("create", "--name", "laptop", "--project", "shop", "--scope", "runs:read", "--days", "30");
  expect(made.status).toBe(0);
  const key = keyIn(made.text);
  {
    await using open = await openTestControl({ folder });
    const caller = await open.control.keys.authenticate(key);
    expect([caller.project, [...caller.scopes]]).toEqual(["shop", ["runs:read"]]);
  }
  const listed = await keys("list");
  expect(listed.text).toContain("shop  laptop  runs:read  made ");
  expect(listed.text).not.toContain(key);
  for (const name of readdirSync(store))
    if (name.startsWith("parlando.sqlite")) expect(readFileSync(join(store, name)).includes(key)).toBe(false);
  expect((await keys("revoke", idIn(listed.text))).status).toBe(0);
  expect((await keys("list", "--json")).text).toContain('"revokedAtMs":');
  await using again = await openTestControl({ folder });
  expect(await again.control.keys.authenticate(key).catch((error) => error.code)).toBe("KEY_REFUSED");
});

test.each([
  ["no action", [], 2, /create, list or revoke ID was wanted/],
  ["no name", ["create"], 2, /--name/],
  ["an unknown scope", ["create", "--name", "x", "--scope", "fly"], 2, /--scope fly/],
  ["a time that is none", ["create", "--name", "x", "--days", "soon"], 2, /--days soon/],
  ["a project of odd letters", ["create", "--name", "x", "--project", "Shop!"], 1, /REQUEST_INVALID/],
  ["a key that is not there", ["revoke", "key_0"], 1, /KEY_NOT_FOUND/],
  ["an unknown option", ["list", "--all"], 2, /--all/],
] as const)("%s is told", async (_what, args, status, said) => {
  const called = await keys(...args);
  expect({ status: called.status, text: called.text }).toEqual({ status, text: expect.stringMatching(said) });
});
