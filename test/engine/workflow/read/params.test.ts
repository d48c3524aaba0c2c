import { expect, test } from "bun:test";
import { planned, planText } from "#test/planning";

/** Plans a workflow with one param, and returns what a text field gets of it, as JSON would write it. */
const filledWith = async (declaration: string, given: unknown) => {
  const text = `parlando: 1
inputs: { words: { kind: text } }
params: { p: { ${declaration} } }
nodes: { p: { use: core.print, from: inputs.words, with: { prefix: "<\${params.p}>" } } }
`;
  const { plan, findings } = await planText(text, { params: { p: given } });
  if (!plan) return findings.map((each) => `${each.code}: ${each.message}`);
  return (plan.nodes.find((node) => node.id === "p")!.config as { prefix: string }).prefix;
};

test.each([
  { declaration: "type: string", given: "a", filled: "<a>" },
  { declaration: "type: number, min: 0, max: 1", given: "0.25", filled: "<0.25>" },
  { declaration: "type: integer", given: "12", filled: "<12>" },
  { declaration: "type: integer", given: 12, filled: "<12>" },
  { declaration: "type: boolean", given: "true", filled: "<true>" },
  { declaration: "type: choice, of: [1, two]", given: "1", filled: "<1>" },
  { declaration: "type: language", given: "pt-BR", filled: "<pt-BR>" },
  { declaration: "type: file", given: "a/b.wav", filled: "</cwd/a/b.wav>" },
  { declaration: "type: file", given: "https://example.org/b.wav", filled: "<https://example.org/b.wav>" },
  { declaration: "type: url", given: "wss://example.org/x", filled: "<wss://example.org/x>" },
])("$declaration takes $given", async ({ declaration, given, filled }) => {
  expect(await filledWith(declaration, given)).toBe(filled);
});

test.each([
  { declaration: "type: string, max: 2", given: "abc", reason: "at most 2 characters" },
  { declaration: "type: string, pattern: a+", given: "aab", reason: "of the form a+" },
  { declaration: "type: string", given: 7, reason: "a string" },
  { declaration: "type: integer", given: "1.5", reason: "a whole number" },
  { declaration: "type: number", given: "", reason: "a number" },
  { declaration: "type: number", given: "Infinity", reason: "a number" },
  { declaration: "type: boolean", given: "yes", reason: "true or false" },
  { declaration: "type: file", given: "", reason: "a path" },
  { declaration: "type: language", given: "not a tag", reason: "a language tag such as en or pt-BR" },
])("$declaration refuses $given", async ({ declaration, given, reason }) => {
  expect(await filledWith(declaration, given)).toEqual([`PARAM_INVALID: the param p should be ${reason}`]);
});

test("a typed list is split, and keeps being a list", async () => {
  const text = `parlando: 1
inputs: { talk: { kind: audio } }
params: { names: { type: list, min: 2, pattern: "[a-z]+" } }
nodes: { m: { use: core.mix, with: { inputs: "\${params.names}" }, in: { left: inputs.talk } } }
`;
  const plan = await planned(text, { params: { names: "left, right" } });
  expect(plan.nodes.find((node) => node.id === "m")?.config).toEqual({ inputs: ["left", "right"] });
  const { findings } = await planText(text, { params: { names: "left,R2" } });
  expect(findings.map((each) => each.message)).toEqual([
    "the param names should be a list of items of the form [a-z]+; item 2 is not",
  ]);
});

test("settings of a node go before the defaults of its type", async () => {
  const text = `parlando: 1
inputs: { talk: { kind: audio } }
defaults: { webrtc.vad: { aggressiveness: 1, preRollMs: 50 } }
nodes: { v: { use: webrtc.vad, from: inputs.talk, with: { preRollMs: 70 } } }
`;
  expect((await planned(text)).nodes.find((node) => node.id === "v")?.config).toMatchObject({
    aggressiveness: 1,
    preRollMs: 70,
  });
});

test("no finding shows what a secret or the environment holds", async () => {
  const text = `parlando: 1
inputs: { talk: { kind: audio } }
params: { k: { type: secret, max: 3 } }
nodes:
  a: { use: azure.asr, from: inputs.talk, with: { key: 12345, region: "\${params.k}", timeoutMs: "\${env:T}", model: "\${secret:s}" } }
`;
  const { findings } = await planText(text, {
    params: { k: "hidden-1" },
    environment: { T: "hidden-2" },
    secrets: { s: "hidden-3" },
  });
  expect(findings.filter((each) => each.severity === "error").length).toBeGreaterThanOrEqual(4);
  expect(findings.map((each) => each.message).join("\n")).not.toMatch(/hidden|12345/);
});

test("where a param has no value yet, lint says nothing of ports that follow from it", async () => {
  const text = `parlando: 1
inputs: { talk: { kind: audio } }
params: { names: { type: list } }
nodes:
  m: { use: core.mix, with: { inputs: "\${params.names}" }, in: { left: inputs.talk } }
  w: { use: core.wav, from: m.mixed, with: { path: a.wav } }
`;
  expect((await planText(text)).findings.filter((each) => each.severity === "error")).toEqual([]);
  const given = await planText(text, { params: { names: ["right"] } });
  expect(given.findings.filter((each) => each.severity === "error").map((each) => each.code as string)).toEqual([
    "PORT_UNKNOWN",
    "PORT_UNKNOWN",
  ]);
});
