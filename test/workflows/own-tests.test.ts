import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { NodeTypes, type Plugin } from "#engine/plugin";
import { runWorkflowTests } from "#engine/testing";
import core from "#plugins/core";
import { CHECKOUT } from "#test/command-line";
import { covers } from "#test/covers";
import { enginesMissing } from "#test/engines";

setDefaultTimeout(180_000);

const files = readdirSync(join(CHECKOUT, "workflows"))
  .filter((name) => name.endsWith(".yaml"))
  .sort()
  .map((name) => `workflows/${name}`);

/** Every plugin of this checkout, each loaded where a workflow names it. */
const types = new NodeTypes([
  core,
  ...readdirSync(join(CHECKOUT, "plugins"))
    .filter((name) => name !== "core")
    .map((name) => ({
      name,
      load: async (): Promise<Plugin> => (await import(join(CHECKOUT, "plugins", name, "index.ts"))).default,
    })),
]);

describe("the tests of the example workflows", () => {
  test.each(files)("of %s pass", async (file) => {
    const options = { types, environment: {}, secret: () => undefined, cwd: CHECKOUT };
    const [result] = await runWorkflowTests([file], options);
    const errors = result?.findings.filter(({ severity }) => severity === "error") ?? [];
    expect(errors.map(({ code, message }) => `${code} ${message}`)).toEqual([]);
    expect(result?.tests.filter(({ problems }) => problems.length > 0)).toEqual([]);
    // a test may be skipped only where an engine is not installed
    const skipped = result?.tests.filter(({ status }) => status === "skipped") ?? [];
    expect(skipped.length === 0 || enginesMissing.length > 0).toBe(true);
    if (skipped.length === 0) covers("E11");
  });
});
