import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import type { Plugin } from "#engine/plugin";
import { VERSION } from "#engine/plugin";
import { pluginChecks } from "#engine/testing";
import { findSpeexDsp } from "#native/speexdsp";

setDefaultTimeout(120_000); // the promises of many node types, on a machine that may be busy

const FOLDER = join(import.meta.dir, "../../plugins");

const pluginOf = async (name: string): Promise<Plugin> => {
  const { default: plugin }: { default: Plugin } = await import(join(FOLDER, name, "index.ts"));
  return plugin;
};

test.each(readdirSync(FOLDER))("%s says which versions of Parlando it was made for", async (name) => {
  const { parlando } = await pluginOf(name);
  expect(parlando).toBeDefined();
  expect(Bun.semver.satisfies(VERSION, parlando!)).toBe(true);
});

/** Tried by `parlando plugin test`, and too slow to be tried each time. */
const SLOW = /^leaves nothing behind/;

/** Node types whose library this machine does not have; their own tests are skipped, too. */
const WITHOUT_LIBRARY: readonly string[] = findSpeexDsp() ? [] : ["core.echo"];

describe.each(["core", "webrtc"])("the report of the plugin %s", (name) => {
  test("finds no promise broken", async () => {
    const broken: string[] = [];
    const groups = pluginChecks(await pluginOf(name)).filter((group) => !WITHOUT_LIBRARY.includes(group.name));
    for (const group of groups)
      for (const check of group.checks.filter((each) => !SLOW.test(each.name)))
        try {
          await check.run();
        } catch (error) {
          broken.push(`${group.name} ${check.name}: ${error}`);
        }
    expect(broken).toEqual([]);
  });
});
