import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { callCommand } from "#test/called-command";
import { runCommand } from "#test/command-line";
import { scratchFolder } from "#test/short-recording";

setDefaultTimeout(60_000);

function folderWith(files: Readonly<Record<string, string>>): string {
  const folder = scratchFolder();
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return folder;
}

/** A plugin in a folder of its own, that knows nothing of this checkout. */
const module = (name: string, more = "") => `
import { defineNode, definePlugin, z } from "parlando/plugin";
const loud = defineNode({
  type: "${name}.loud",
  summary: "Makes audio louder.",
  role: "filter",
  inputs: { in: { kinds: ["audio"] } },
  outputs: { out: { kinds: ["audio"], audio: "same" } },
  config: z.strictObject({ gain: z.number().min(0).max(10).default(2).describe("What each sample is multiplied by.") }),
  create: () => ({ onFrame: (frame, emit) => emit(frame) }),
});
export default definePlugin({ name: "${name}", nodes: [loud]${more} });
`;

const workflow = (type: string) =>
  `parlando: 1\nname: w\ninputs: { talk: { kind: audio } }\nnodes: { loud: { use: ${type}, from: inputs.talk } }\noutputs: { out: loud }\n`;

describe("plugins that parlando.yaml lists", () => {
  test("are there for every command, from a path, a folder and a package", async () => {
    const folder = folderWith({
      "parlando.yaml": "plugins: [./mine.ts, ./theirs, parlando-bought]\n",
      "mine.ts": module("mine"),
      "theirs/index.ts": module("theirs"),
      "node_modules/parlando-bought/package.json": `{ "name": "parlando-bought", "module": "main.ts", "engines": { "parlando": "^0.1.0" } }`,
      "node_modules/parlando-bought/main.ts": module("bought"),
      "w.yaml": workflow("theirs.loud"),
    });
    expect(await callCommand(["lint", "w.yaml"], folder)).toEqual({ status: 0, text: "1 file: no findings\n" });
    expect((await callCommand(["graph", "w.yaml"], folder)).text).toContain("theirs.loud");
    expect((await callCommand(["nodes", "bought.loud"], folder)).text).toContain("multiplied");
    expect((await callCommand(["nodes"], folder)).text).toContain("mine.loud");
  });

  test("are not looked for where no configuration lists them", async () => {
    const folder = folderWith({ "mine.ts": module("mine"), "w.yaml": workflow("mine.loud") });
    expect((await callCommand(["lint", "w.yaml"], folder)).text).toContain("NODE_TYPE_UNKNOWN");
  });

  test.each([
    ["is not there", {}, /PLUGIN_INVALID .*is not there/],
    ["throws when it is loaded", { "bad.ts": 'throw new Error("no library");' }, /PLUGIN_INVALID .*no library/],
    ["is no program", { "bad.ts": "export default {{{" }, /PLUGIN_INVALID/],
    ["has no plugin in it", { "bad.ts": "export const plugin = 3;" }, /PLUGIN_INVALID .*default export/],
    [
      "was not made by definePlugin",
      { "bad.ts": "export default { name: 'bad', nodes: [{}] };" },
      /PLUGIN_INVALID .*nodes\.0/,
    ],
    [
      "was made for another version",
      { "bad.ts": module("bad", ', parlando: "^7.0.0"') },
      /PLUGIN_VERSION .*7\.0\.0.*this is \d/,
    ],
    [
      "says so in its package",
      { "bad.ts": module("bad"), "package.json": '{ "peerDependencies": { "parlando": ">=9" } }' },
      /PLUGIN_VERSION .*>=9/,
    ],
    [
      "takes a type of another's",
      { "bad.ts": module("core").replace("core.loud", "core.file") },
      /CONFIG_INVALID .*core\.file/,
    ],
  ])("one that %s takes nothing else down", async (_what, files, said) => {
    const folder = folderWith({
      ...files,
      "good/package.json": "{}",
      "good/index.ts": module("good"),
      "parlando.yaml": "plugins: [./bad.ts, ./good]\n",
      "w.yaml": workflow("good.loud"),
      "missed.yaml": workflow("bad.loud"),
    });
    const sound = await callCommand(["lint", "w.yaml"], folder);
    expect(sound).toEqual({ status: 0, text: expect.stringMatching(said) });
    expect(sound.text).toContain("1 file: no findings");
    const missed = await callCommand(["lint", "missed.yaml"], folder);
    expect(missed.text).toMatch(/missed\.yaml:4:\d+ NODE_TYPE_UNKNOWN .*the plugin \.\/bad\.ts could not be loaded/);
  });

  test.each(["worker", "process"])("run in a %s of their own where that is asked for", async (runsIn) => {
    const folder = folderWith({
      "parlando.yaml": `plugins: [{ use: ./mine.ts, runsIn: ${runsIn}, memoryMb: 2048 }]\n`,
      "mine.ts": module("mine").replace("emit(frame)", "{ globalThis.ran = true; emit(frame); }"),
      "w.yaml": `parlando: 1
name: w
nodes:
  talk: { use: core.script, with: { as: source, events: [{ atMs: 300, audio: { toneHz: 300, ms: 300 } }] } }
  loud: { use: mine.loud, from: talk }
  kept: { use: core.wav, from: loud, with: { path: "\${run.dir}/kept.wav" } }
`,
    });
    const lint = await callCommand(["lint", "w.yaml"], folder);
    expect(lint.text).toContain("1 file: no findings");
    const run = await callCommand(["run", "w.yaml", "--clock", "virtual"], folder);
    expect(run.text).toContain("w: done");
    expect(globalThis).not.toHaveProperty("ran");
  });

  test.each([
    ["exits when it is loaded", "process.exit(7);", /PLUGIN_LOST .*status 7/],
    ["throws when it is loaded", 'throw new Error("no library");', /PLUGIN_INVALID .*no library/],
    ["has gateways", module("bad", ', gateways: [{ type: "bad" }]'), /PLUGIN_ISOLATED .*without runsIn/],
    ["was made for another version", module("bad", ', parlando: "^7.0.0"'), /PLUGIN_VERSION .*7\.0\.0/],
  ])("one that runs alone and %s takes nothing else down", async (_what, bad, said) => {
    const folder = folderWith({
      "bad.ts": bad,
      "good.ts": module("good"),
      "parlando.yaml": "plugins: [{ use: ./bad.ts, runsIn: process }, ./good.ts]\n",
      "w.yaml": workflow("good.loud"),
    });
    const sound = await callCommand(["lint", "w.yaml"], folder);
    expect(sound).toEqual({ status: 0, text: expect.stringMatching(said) });
    expect(sound.text).toContain("1 file: no findings");
  });

  test.each([0, 7])("one that ends the process with status %d does so with a word", async (status) => {
    const folder = folderWith({ "bad.ts": `process.exit(${status});`, "parlando.yaml": "plugins: [./bad.ts]\n" });
    expect(await runCommand(["nodes"], { cwd: folder })).toMatchObject({
      status: status || 1,
      err: expect.stringMatching(/PLUGIN_INVALID: .* status \d .*process\.exit.*runsIn: process/),
    });
  });

  test("a configuration that does not hold is told, and the workflow is judged without it", async () => {
    const folder = folderWith({ "parlando.yaml": "plugins: 3\n", "w.yaml": workflow("core.convert") });
    expect((await callCommand(["lint", "w.yaml"], folder)).text).toMatch(/parlando\.yaml:1:\d+ VALUE_TYPE/);
  });
});
