import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { callCommand } from "#test/called-command";
import { scratchFolder } from "#test/short-recording";

setDefaultTimeout(60_000); // processes are started, on a machine that may be busy

const module = (more = "", type = "acme.loud") => `
import { defineNode, definePlugin, z } from "parlando/plugin";
${more}
const loud = defineNode({
  type: "${type}",
  summary: "Makes audio louder.",
  role: "filter",
  passes: "samples",
  inputs: { in: { kinds: ["audio"] } },
  outputs: { out: { kinds: ["audio"], audio: "same" } },
  config: z.strictObject({ by: z.number().describe("What each sample is multiplied by.") }),
  create: ({ by }) => ({
    onFrame(frame, emit) {
      if (by > 100) throw new TypeError("too loud");
      emit(frame);
    },
  }),
});
export default definePlugin({ name: "acme", parlando: "^0.1.0", nodes: [loud] });
`;

const contract = (by: number) => `
import { definePluginSubjects } from "parlando/testing";
export default definePluginSubjects({ nodes: { "acme.loud": { config: { by: ${by} } } } });
`;

function pluginFolder(files: Readonly<Record<string, string>>): string {
  const folder = scratchFolder();
  mkdirSync(join(folder, "acme"));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, "acme", name), text);
  return folder;
}

describe("plugin test", () => {
  test("tries a plugin from anywhere, with what contract.ts says of it", async () => {
    const folder = pluginFolder({ "index.ts": module(), "contract.ts": contract(2) });
    const { status, text } = await callCommand(["plugin", "test", "acme"], folder);
    expect(text).toMatch(/^plugin acme, made for Parlando \^0\.1\.0\n\nacme\n {2}ok {3}says which versions/);
    expect(text).toContain("  ok   leaves nothing behind after 200 runs\n");
    expect(text).toMatch(/\n\d+ kept, 0 broken\n$/);
    expect(status).toBe(0);
  });

  test("says what could not be tried, and what it would need", async () => {
    const folder = pluginFolder({ "index.ts": module() });
    const { status, text } = await callCommand(["plugin", "test", "./acme/index.ts"], folder);
    expect(text).toContain("  --   not tried: its settings need by: contract.ts can give them\n");
    expect(text).toMatch(/ 0 broken, 1 not tried\n$/);
    expect(status).toBe(0);
  });

  test("says what is broken, in words and as data", async () => {
    const folder = pluginFolder({ "index.ts": module(), "contract.ts": contract(101) });
    const { status, text } = await callCommand(["plugin", "test", "acme"], folder);
    expect(status).toBe(1);
    expect(text).toContain("  FAIL ends when its input has ended\n       too loud\n");
    const data = JSON.parse((await callCommand(["plugin", "test", "acme", "--json"], folder)).text);
    expect(data.groups[1].checks).toContainEqual({
      name: "ends when its input has ended",
      ms: expect.any(Number),
      error: "too loud",
    });
  });

  test.each([
    ["keeps the process from ending", "setInterval(() => {}, 1e9);", /it keeps the process from ending/],
    ["prints", 'console.log("hello");', /it prints "hello/],
    ["ends the process", "if (process.argv.includes('load')) process.exit(7);", /ends the process with status 7/],
  ])("a module that %s when it is loaded is told", async (_what, more, said) => {
    const folder = pluginFolder({ "index.ts": module(more), "contract.ts": contract(2) });
    const { status, text } = await callCommand(["plugin", "test", "acme"], folder);
    expect(status).toBe(1);
    expect(text).toMatch(/ {2}FAIL has no effect when it is loaded\n/);
    expect(text).toMatch(said);
  });

  test.each([
    [["plugin"], 2, /test PATH, record PLUGIN or load PATH/],
    [["plugin", "mend", "acme"], 2, /test PATH, record PLUGIN or load PATH/],
    [["plugin", "test", "absent"], 1, /PLUGIN_INVALID .*absent is not there/],
    [["plugin", "test", "acme"], 1, /PLUGIN_INVALID .*default export/],
  ] as const)("%p is answered with status %d", async (args, status, said) => {
    const called = await callCommand(args, pluginFolder({ "index.ts": "export const x = 1;" }));
    expect({ status: called.status, text: called.text }).toEqual({ status, text: expect.stringMatching(said) });
  });
});
