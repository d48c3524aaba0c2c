import { describe, expect, test } from "bun:test";
import { NodeTypes } from "#engine/plugin";
import { EXAMPLE_HEAD, FINDING_CODES, FINDING_EXAMPLES, planWorkflow } from "#engine/workflow";
import aliyun from "#plugins/aliyun";
import tencent from "#plugins/tencent";
import { builtInTypes } from "#test/built-in-types";

const types = new NodeTypes([...builtInTypes().plugins, aliyun, tencent]);

async function codesIn(text: string, purpose: "lint" | "run"): Promise<string[]> {
  const whole = /^(parlando|inputs):/m.test(text) ? text : EXAMPLE_HEAD + text;
  const headed = whole.startsWith("inputs:") ? `parlando: 1\n${whole}` : whole;
  const { findings } = await planWorkflow(
    { text: headed, name: "w.yaml", dir: "/flows" },
    { types, purpose, environment: {}, secret: () => undefined, cwd: "/flows", run: { id: "r", dir: "/r" } },
  );
  return findings.map(({ code }) => code);
}

describe("the example of a code", () => {
  const shown = Object.entries(FINDING_EXAMPLES).filter(
    ([code, text]) => code in FINDING_CODES && !text?.startsWith("# "),
  );
  test.each(shown)("%s is one in which it is found", async (code, text = "") => {
    expect([...(await codesIn(text, "lint")), ...(await codesIn(text, "run"))]).toContain(code);
  });

  test("is there for each", () => {
    expect(Object.keys(FINDING_CODES).filter((code) => !(code in FINDING_EXAMPLES))).toEqual([]);
  });
});
