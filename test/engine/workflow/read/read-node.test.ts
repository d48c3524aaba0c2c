import { expect, test } from "bun:test";
import { z } from "zod";
import { byUtterance, defineNode, withFallback, withRetry } from "#engine/plugin";
import { planningTypes } from "#test/node-types";
import { brief, planText } from "#test/planning";
import { mockOf } from "../../../../engine/testing/workflows/mock.ts";
import { mockSchema } from "../../../../engine/workflow/tests/format.ts";

/** Asks for an address by one of its settings. */
const called = defineNode({
  type: "test.called",
  summary: "Is answered later.",
  role: "file-asr",
  inputs: { recording: { kinds: ["recording"] } },
  outputs: { final: { kinds: ["text"], textRole: "transcript", default: true } },
  config: z.strictObject({ late: z.boolean().default(true).describe("answered later") }),
  calledBack: ({ late }) => late,
  create: () => ({ onFrame() {} }),
});

const types = planningTypes(called);
const node = (words: string) =>
  `parlando: 1\nname: w\ninputs: { file: { kind: recording } }\nnodes:\n  asr: { from: inputs.file, ${words} }\n`;
const LATE = node("use: test.called");
const BEHIND = node(
  "use: test.called, with: { late: false }, fallback: [{ use: test.called }, { use: test.called, with: { late: false } }]",
);

test.each([
  ["nobody can call back", LATE, { callable: false }, ["5:34 CALLBACK_NO_ADDRESS error"]],
  ["it is not known whether anybody can", LATE, {}, ["5:34 CALLBACK_NO_ADDRESS warning"]],
  ["somebody can", LATE, { callable: true }, []],
  ["its settings need no call", node("use: test.called, with: { late: false }"), { callable: false }, []],
  [
    "something else answers in a test",
    LATE,
    { callable: false, mock: (id: string) => mockOf(id, mockSchema.parse({ results: ["one"] }), undefined) },
    [],
  ],
] as const)("a node that is called back, where %s", async (_, text, asked, expected) => {
  const { findings } = await planText(text, { types, ...asked });
  const found = findings.filter(({ code }) => code === "CALLBACK_NO_ADDRESS");
  expect(found.map(({ line, column, code, severity }) => `${line}:${column} ${code} ${severity}`)).toEqual([
    ...expected,
  ]);
  for (const { message } of found) expect(message).toContain("publicUrl");
});

test("a fallback that nobody can call back is left out, and one of which that is not known stays", async () => {
  const without = await planText(BEHIND, { types, callable: false });
  expect(brief(without.findings)).toEqual(["5:88 CANDIDATE_LEFT_OUT"]);
  expect(without.plan?.nodes.find(({ id }) => id === "asr")?.candidates).toHaveLength(2);
  const unknown = await planText(BEHIND, { types });
  expect(brief(unknown.findings)).toEqual(["5:88 CALLBACK_NO_ADDRESS"]);
  expect(unknown.plan?.nodes.find(({ id }) => id === "asr")?.candidates).toHaveLength(3);
});

test("what is around a node says as it does that it is called back", () => {
  const quiet = { ...called, calledBack: () => false };
  const config = { late: true };
  const answers = [
    withRetry(called, 3),
    byUtterance(called),
    withFallback(quiet, { definition: called, config }),
    withFallback(quiet, { definition: quiet, config }),
  ].map((definition) => definition.calledBack?.(config));
  expect(answers).toEqual([true, true, true, false]);
});
