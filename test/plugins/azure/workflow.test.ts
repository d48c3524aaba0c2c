import { expect, test } from "bun:test";
import { builtInTypes } from "#test/built-in-types";
import { covers } from "#test/covers";
import { planExample } from "#test/example-run";
import azure from "../../../plugins/azure/index.ts";

const lint = (environment: Record<string, string>) =>
  planExample("azure-interpret", { types: builtInTypes().with([azure]), environment });

test.each([
  { AZURE_SPEECH_KEY: "k", AZURE_SPEECH_REGION: "westeurope" },
  { AZURE_KEY: "k", AZURE_REGION: "westeurope" },
])("the example is sound with its credentials by either name: %o", async (environment) => {
  covers("S38");
  const { findings } = await lint(environment);
  expect(findings.filter(({ severity }) => severity !== "note")).toEqual([]);
});

test("without them lint names what is missing", async () => {
  const errors = (await lint({})).findings.filter(({ severity }) => severity === "error");
  expect(errors.map(({ message }) => message).join("\n")).toContain("set key (or token), and region (or host)");
});
