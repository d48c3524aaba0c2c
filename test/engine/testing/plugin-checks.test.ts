import { describe, expect, setDefaultTimeout, test } from "bun:test";
import type { Plugin } from "#engine/plugin";
import { pluginChecks } from "#engine/testing";
import { brokenPlugins, soundPlugins } from "#test/broken-plugins";
import { rejectionOf } from "#test/rejection";

setDefaultTimeout(60_000); // hundreds of runs each, on a machine that may be busy

/** The promises that a plugin breaks. */
async function brokenBy(plugin: Plugin): Promise<string[]> {
  const broken: string[] = [];
  for (const { checks } of pluginChecks(plugin))
    for (const check of checks)
      try {
        await check.run();
      } catch {
        broken.push(check.name);
      }
  return broken;
}

describe("a plugin in which all is well", () => {
  test.each(Object.entries(soundPlugins))("breaks no promise: %s", async (_name, plugin) => {
    expect(await brokenBy(plugin)).toEqual([]);
  });
});

describe("a plugin is told that breaks the promise that it", () => {
  test.each(Object.entries(brokenPlugins))("%s", async (promise, plugin) => {
    expect(await brokenBy(plugin)).toContain(promise);
  });
});

test("what cannot be made up is named as not tried", () => {
  const untried = pluginChecks(soundPlugins.remote).flatMap((group) => group.untried);
  expect(untried).toEqual(["it needs a service: contract.ts can give one in memory"]);
});

test("what differed from one time to the next is told by its field and its place", async () => {
  const [, node] = pluginChecks(brokenPlugins["gives the same for the same input"]!);
  const check = node?.checks.find(({ name }) => name === "gives the same for the same input");
  expect(await rejectionOf(check!.run())).toHaveProperty(
    "message",
    expect.stringContaining("a second run of its own gave otherwise: frame 1, on out, differed in pcm"),
  );
});
