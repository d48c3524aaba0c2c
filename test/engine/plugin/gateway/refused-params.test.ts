import { expect, test } from "bun:test";
import { EngineError, refusedParams } from "#engine/plugin";
import { planText } from "#test/planning";

const WORKFLOW = `
parlando: 1
name: mapped
inputs: { talk: { kind: audio } }
params:
  source: { type: choice, of: [en, es], default: en }
  level: { type: integer, default: 1, max: 3 }
nodes: { show: { use: core.print, from: inputs.talk } }
`;

test.each([
  { params: { source: "xx" }, refused: ["source"] },
  { params: { source: "xx", level: 7 }, refused: ["source", "level"] },
  { params: { source: "es" }, refused: [] },
])("of $params the workflow takes all but $refused", async ({ params, refused }) => {
  const { findings } = await planText(WORKFLOW, { params, purpose: "run" });
  expect(refusedParams(new EngineError("WORKFLOW_INVALID", "no", { details: { findings } }))).toEqual(refused);
});

test.each([
  new EngineError("WORKFLOW_INVALID", "no"),
  new EngineError("CONFIG_INVALID", "no", { details: { findings: [{ param: "source" }] } }),
  new Error("no"),
  undefined,
])("%p refuses no params", (error) => {
  expect(refusedParams(error)).toEqual([]);
});
