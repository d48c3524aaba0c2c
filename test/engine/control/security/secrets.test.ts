import { expect, setDefaultTimeout, test } from "bun:test";
import { openTestControl } from "#test/control";
import { KeptLog } from "#test/served";

setDefaultTimeout(60_000); // on a busy machine

test("secrets of the configuration that are not set are told at the start, by name alone", async () => {
  const log = new KeptLog();
  const secrets = { azure: { env: "AZURE_KEY" }, agora: { env: "AGORA_KEY" }, file: { file: "none.txt" } };
  await using opened = await openTestControl({ config: { secrets }, environment: { AZURE_KEY: "hunter2" }, log });
  expect(opened.control.config.secrets).toHaveProperty("azure");
  expect(log.lines).toEqual(
    ["agora", "file"].map((secret) => ({
      level: "warn",
      message: "a secret of the configuration is not set",
      facts: { secret },
    })),
  );
});
