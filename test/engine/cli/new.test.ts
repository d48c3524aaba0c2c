import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { callCommand } from "#test/called-command";
import { CHECKOUT } from "#test/command-line";
import { scratchFolder } from "#test/short-recording";

setDefaultTimeout(120_000); // a compiler and processes are started, on a machine that may be busy

const call = (folder: string, ...args: string[]) => callCommand(args, folder);

/** A program in a folder, to its end. */
async function runIn(folder: string, ...command: string[]) {
  const child = Bun.spawn(command, { cwd: folder, stdin: "ignore", stdout: "pipe", stderr: "pipe" });
  const [out, err] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()]);
  return { status: await child.exited, text: out + err };
}

test("a new workflow lints and runs at once", async () => {
  const folder = scratchFolder();
  expect(await call(folder, "new", "workflow", "first")).toEqual({
    status: 0,
    text: "wrote first.yaml, and parlando.schema.json for the editor\nnext: parlando run first.yaml\nnext: parlando test first.yaml\n",
  });
  expect(await call(folder, "lint", "first.yaml")).toEqual({ status: 0, text: "1 file: no findings\n" });
  const { status, text } = await call(folder, "run", "first.yaml", "--clock", "virtual");
  expect(text).toContain("[en] the train leaves at seven");
  expect(status).toBe(0);
  expect(await call(folder, "test", "first.yaml")).toEqual({ status: 0, text: expect.stringContaining("1 passed") });
  expect(readdirSync(folder).sort()).toEqual(["first.yaml", "parlando.schema.json", "runs"]);
});

const ROLES = ["filter", "asr", "translate"] as const;

describe.each(ROLES)("a new plugin with a node of the role %s", (role) => {
  test("passes its tests and the report at once, and is known to every command", async () => {
    const folder = scratchFolder();
    const { status, text } = await call(folder, "new", "plugin", "mine", "--role", role);
    expect({ status, text }).toEqual({ status: 0, text: expect.stringContaining("parlando plugin test mine\n") });
    const tests = await runIn(join(folder, "mine"), process.execPath, "test");
    expect(tests).toEqual({ status: 0, text: expect.stringContaining("1 pass") });
    const report = await call(folder, "plugin", "test", "mine");
    expect(report).toEqual({ status: 0, text: expect.stringMatching(/\n\d\d kept, 0 broken\n$/) });
    expect((await call(folder, "nodes", `mine.${role}`)).text).toStartWith(`mine.${role} (${role})`);
  });
});

test("new plugins are typed: the compiler finds nothing", async () => {
  const folder = scratchFolder();
  for (const role of ROLES) await call(folder, "new", "plugin", `my-${role}`, "--role", role);
  const all = { extends: "./my-asr/tsconfig.json", include: ROLES.map((role) => `my-${role}/*.ts`) };
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(all));
  const compiler = join(CHECKOUT, "node_modules/typescript/bin/tsc");
  expect(await runIn(folder, process.execPath, compiler, "--noEmit")).toEqual({ status: 0, text: "" });
});

test("a parlando.yaml that is there is left as it is", async () => {
  const folder = scratchFolder();
  writeFileSync(join(folder, "parlando.yaml"), "listen: { port: 1 }\n");
  const { text } = await call(folder, "new", "plugin", "mine");
  expect(text).toContain("add it to parlando.yaml: plugins: [./mine]");
  expect(await Bun.file(join(folder, "parlando.yaml")).text()).toBe("listen: { port: 1 }\n");
});

test.each([
  [["new"], 2, /workflow NAME or plugin NAME/],
  [["new", "plugin", "My Plugin"], 2, /a name has lower-case letters/],
  [["new", "plugin", "mine", "--role", "cook"], 2, /--role cook: it is one of filter, asr, translate/],
  [["new", "plugin", "taken"], 1, /FILE_UNWRITABLE taken is there already/],
  [["new", "workflow", "taken"], 1, /FILE_UNWRITABLE taken\.yaml is there already/],
  [["new", "plugin", "core"], 1, /CONFIG_INVALID a plugin is named core already/],
] as const)("%p is refused, and nothing is written", async (args, status, said) => {
  const folder = scratchFolder();
  writeFileSync(join(folder, "taken"), "");
  writeFileSync(join(folder, "taken.yaml"), "");
  expect(await callCommand(args, folder)).toEqual({ status, text: expect.stringMatching(said) });
  expect(readdirSync(folder).sort()).toEqual(["taken", "taken.yaml"]);
});
