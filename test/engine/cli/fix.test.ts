import { describe, expect, test } from "bun:test";
import { chmodSync, lstatSync, readdirSync, readFileSync, statSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { callCommand } from "#test/called-command";
import { folderWith } from "#test/planning";

const read = (folder: string, name = "w.yaml") => readFileSync(join(folder, name), "utf8");

const SOUND = `# spoken by hand
parlando: 1
name: w   # a name
inputs: { talk: { kind: audio } }
params: { ms: { type: integer, default: 300 } }

nodes:
  # cuts it
  vad: { use: webrtc.vad, from: inputs.talk, with: { preRollMs: "\${params.ms}",   endpointMs: 500 } }
  asr:
    use: pocketsphinx.asr # the decoder
    from: vad
`;

const without = (text: string, ...pairs: readonly (readonly [string, string])[]) =>
  pairs.reduce((all, [from, to]) => all.replace(from, to), text);

describe("lint --fix mends, and keeps every comment and space", () => {
  test.each([
    ["a misspelt setting", without(SOUND, ["endpointMs", "endpiontMs"])],
    ["a misspelt word of the format", without(SOUND, ["from: vad", "form: vad"])],
    ["an unquoted ${…}", without(SOUND, ['"${params.ms}"', "${params.ms}"])],
    ["a missing version of the format", without(SOUND, ["parlando: 1\n", ""])],
    [
      "all of it at once",
      without(SOUND, ["parlando: 1\n", ""], ['"${params.ms}"', "${params.ms}"], ["preRollMs", "preRolMs"]),
    ],
    ["what another fix brings to light", without(SOUND, ["with:", "wiht:"], ["endpointMs", "endpointsMs"])],
  ])("%s", async (_what, text) => {
    const folder = folderWith({ "w.yaml": text });
    expect((await callCommand(["lint", "w.yaml"], folder)).status).toBe(1);
    const { status, text: said } = await callCommand(["lint", "--fix", "w.yaml"], folder);
    expect({ status, text: read(folder) }).toEqual({ status: 0, text: SOUND });
    expect(said).toMatch(/^mended w\.yaml:\d+:\d+ [A-Z_]+ /);
  });

  test("the version inside braces, a quoted key, Windows line ends and a byte-order mark", async () => {
    const text =
      '\uFEFF{ "naem": w, inputs: { talk: { kind: audio } },\r\n  nodes: { vad: { use: webrtc.vad, from: inputs.talk } } }\r\n';
    const folder = folderWith({ "w.yaml": text });
    expect((await callCommand(["lint", "--fix", "w.yaml"], folder)).status).toBe(0);
    expect(read(folder)).toBe(text.replace("{ ", "{ parlando: 1, ").replace('"naem"', "name"));
  });

  test("through a link, with the permissions as they were", async () => {
    const folder = folderWith({ "real.yaml": without(SOUND, ["from: vad", "form: vad"]) });
    chmodSync(join(folder, "real.yaml"), 0o640);
    symlinkSync("real.yaml", join(folder, "w.yaml"));
    await callCommand(["lint", "--fix", "w.yaml"], folder);
    expect(read(folder, "real.yaml")).toBe(SOUND);
    expect(lstatSync(join(folder, "w.yaml")).isSymbolicLink()).toBe(true);
    expect(statSync(join(folder, "real.yaml")).mode & 0o777).toBe(0o640);
  });
});

describe("lint --fix leaves alone", () => {
  test.each([
    ["a sound file", SOUND, 0],
    ["a reference, which may mean another node", without(SOUND, ["from: vad", "from: vda"]), 1],
    ["a value, which may mean another one", `${SOUND}    onFailure: contniue\n`, 1],
    ["a node type, which may mean another one", without(SOUND, ["webrtc.vad", "webrtc.vat"]), 1],
    ["another version of the format", without(SOUND, ["parlando: 1", "parlando: 2"]), 1],
    ["a key whose right name is there already", without(SOUND, ["preRollMs", "endpiontMs"]), 1],
    ["a setting that belongs elsewhere", without(SOUND, ["from: vad", "from: vad\n    final: fast"]), 1],
    ["a file with broken syntax", `${SOUND}  x: [\n`, 1],
  ])("%s", async (_what, text, status) => {
    const folder = folderWith({ "w.yaml": text });
    expect((await callCommand(["lint", "--fix", "w.yaml"], folder)).status).toBe(status);
    expect(read(folder)).toBe(text);
    expect(readdirSync(folder)).toEqual(["w.yaml"]);
  });

  test.each([
    ["two keys that would become one", without(SOUND, ["preRollMs", "endpiontMs"], ["endpointMs", "endpontMs"])],
    ["an unquoted ${…} beside broken syntax", `${without(SOUND, ['"${params.ms}"', "${params.ms}"])}  x: ]\n`],
  ])("every file, where one cannot be mended: %s", async (_what, text) => {
    const other = without(SOUND, ["from: vad", "form: vad"]);
    const folder = folderWith({ "a.yaml": other, "w.yaml": text });
    const called = await callCommand(["lint", "--fix", "a.yaml", "w.yaml"], folder);
    expect(called).toEqual({ status: 1, text: expect.stringMatching(/w\.yaml:\d+:\d+ FIX_REFUSED /) });
    expect([read(folder, "a.yaml"), read(folder)]).toEqual([other, text]);
  });

  test("what came in by an alias", async () => {
    const text = `${SOUND}  again: { use: webrtc.vad, from: inputs.talk, with: &w { preRolMs: 3 } }\n  more: { use: webrtc.vad, from: inputs.talk, with: *w }\n`;
    const folder = folderWith({ "w.yaml": text });
    expect((await callCommand(["lint", "--fix", "w.yaml"], folder)).status).toBe(0);
    expect(read(folder)).toBe(text.replace("preRolMs", "preRollMs"));
  });
});

test("--dry-run shows the difference and writes nothing", async () => {
  const text = without(SOUND, ["endpointMs", "endpiontMs"]);
  const folder = folderWith({ "w.yaml": text });
  const { status, text: said } = await callCommand(["lint", "--fix", "--dry-run", "w.yaml"], folder);
  expect(status).toBe(1);
  expect(said).toStartWith(`--- w.yaml
+++ w.yaml
@@ -6,7 +6,7 @@
 
 nodes:
   # cuts it
-  vad: { use: webrtc.vad, from: inputs.talk, with: { preRollMs: "\${params.ms}",   endpiontMs: 500 } }
+  vad: { use: webrtc.vad, from: inputs.talk, with: { preRollMs: "\${params.ms}",   endpointMs: 500 } }
   asr:
     use: pocketsphinx.asr # the decoder
     from: vad
`);
  expect(read(folder)).toBe(text);
});

test("--dry-run alone is wrong usage", async () => {
  expect((await callCommand(["lint", "--dry-run", "w.yaml"], "/")).status).toBe(2);
});
