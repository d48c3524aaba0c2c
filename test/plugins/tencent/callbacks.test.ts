import { expect, setDefaultTimeout, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { NodeTypes } from "#engine/plugin";
import core from "#plugins/core";
import tencent from "#plugins/tencent";
import { callCommand } from "#test/called-command";
import { caller, openTestControl } from "#test/control";
import { covers } from "#test/covers";
import { scratchFolder } from "#test/short-recording";

setDefaultTimeout(60_000);

const workflow = (api: string) => `parlando: 1
name: later
inputs: { files: { kind: recording } }
nodes:
  asr: { use: tencent.file-asr, from: inputs.files, with: { api: ${api}, secretId: id, secretKey: word, appId: "1300000000" } }
outputs: { texts: asr }
`;

test.each([
  { says: "publicUrl: https://speech.example.org/", api: "legacy", status: 0, found: false },
  { says: "listen: {}", api: "legacy", status: 1, found: true },
  { says: "listen: {}", api: "{ api: current, delivery: callback }", status: 1, found: true },
  { says: "listen: {}", api: "current", status: 0, found: false },
  { says: undefined, api: "legacy", status: 0, found: true },
])(
  "lint knows whether the service can call back: $api with parlando.yaml of $says",
  async ({ says, api, status, found }) => {
    covers("T5");
    const folder = scratchFolder();
    const text = api.startsWith("{") ? workflow("current, delivery: callback") : workflow(api);
    writeFileSync(join(folder, "w.yaml"), text);
    if (says !== undefined) writeFileSync(join(folder, "parlando.yaml"), `${says}\n`);
    const said = await callCommand(["lint", "w.yaml"], folder);
    expect([said.status, said.text.includes("CALLBACK_NO_ADDRESS")]).toEqual([status, found]);
    if (found) expect(said.text).toContain("publicUrl");
  },
);

test("a run of its own does not start, since what it keeps ends with it", async () => {
  covers("T5");
  const folder = scratchFolder();
  writeFileSync(join(folder, "w.yaml"), workflow("legacy"));
  const said = await callCommand(["run", "w.yaml", "--in", "files=https://example.org/a.wav"], folder);
  expect(said.status).toBe(1);
  expect(said.text).toContain("CALLBACK_NO_ADDRESS");
});

test.each([
  [{}, ["CALLBACK_NO_ADDRESS error"]],
  [{ publicUrl: "https://speech.example.org/" }, []],
])("a server with the configuration %p finds %p", async (config, expected) => {
  covers("T5");
  await using opened = await openTestControl({ config, types: new NodeTypes([core, tencent]) });
  const found = await opened.control.workflows.lint(caller, workflow("legacy"));
  expect(found.map(({ code, severity }) => `${code} ${severity}`)).toEqual(expected);
});

test("a server that nobody can call back refuses the start", async () => {
  covers("T5");
  await using opened = await openTestControl({ types: new NodeTypes([core, tencent]) });
  const text = workflow("legacy")
    .replace("from: inputs.files,", "")
    .replace("inputs: { files: { kind: recording } }", "");
  const error = await opened.control.runs.start(caller, { workflow: { text }, inputs: {} }).catch((reason) => reason);
  expect(error.code).toBe("WORKFLOW_INVALID");
  expect(error.details.findings.map(({ code }: { code: string }) => code)).toContain("CALLBACK_NO_ADDRESS");
});
