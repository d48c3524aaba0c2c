import { expect, setDefaultTimeout, test } from "bun:test";
import { NodeTypes } from "#engine/plugin";
import { runWorkflowTests } from "#engine/testing";
import azure from "#plugins/azure";
import modelstudio from "#plugins/modelstudio";
import { builtInTypes } from "#test/built-in-types";
import { CHECKOUT } from "#test/command-line";
import { covers } from "#test/covers";

setDefaultTimeout(60_000);

const types = new NodeTypes([...builtInTypes().plugins, azure, modelstudio]);

/** What the tests of an example say: its name, and the problems of each. */
async function judged(name: string) {
  const options = { types, environment: {}, secret: () => undefined, cwd: CHECKOUT };
  const [result] = await runWorkflowTests([`workflows/${name}.yaml`], options);
  return result?.tests.map(({ name: title, problems }) => ({ title, problems })) ?? [];
}

test("the guide's four examples are workflows: each of two vendors hears, and speaks", async () => {
  covers("S44");
  for (const name of ["modelstudio-hear", "azure-hear", "modelstudio-speak", "azure-speak"])
    expect({ name, tests: await judged(name) }).toEqual({
      name,
      tests: [{ title: expect.any(String), problems: [] }],
    });
});

test("one workflow hears and speaks by the vendor that is chosen", async () => {
  covers("S13");
  expect(await judged("vendor-choice")).toEqual([
    { title: expect.stringContaining("Model Studio"), problems: [] },
    { title: expect.stringContaining("Azure"), problems: [] },
  ]);
});

test("the voice chat answers, and an answer that is spoken over is not spoken", async () => {
  covers("S34");
  const tests = await judged("voice-chat");
  expect(tests.length).toBe(3);
  expect(tests.flatMap(({ problems }) => problems)).toEqual([]);
});
