import { describe, expect, test } from "bun:test";
import { definePlugin, EngineError, NodeTypes, type Plugin, type PluginSource } from "#engine/plugin";
import { filterType } from "#test/filter-type";

const plugin = (name: string, ...types: string[]): Plugin => definePlugin({ name, nodes: types.map(filterType) });

/** A source that remembers how often it was loaded. */
function source(name: string, load: () => Plugin): PluginSource & { loads: number } {
  const counted = {
    name,
    loads: 0,
    load: async () => {
      counted.loads++;
      return load();
    },
  };
  return counted;
}

const names = (types: NodeTypes) => types.all().map(({ type }) => type);

describe("plugins that are loaded when they are needed", () => {
  test("a type loads the plugin whose name it begins with, once, and no other", async () => {
    const acme = source("acme", () => plugin("acme", "acme.asr", "acme.tts"));
    const other = source("other", () => plugin("other", "other.asr"));
    const types = new NodeTypes([plugin("core", "core.file"), acme, other]);
    expect(names(types)).toEqual(["core.file"]);
    await Promise.all([types.load(["acme.asr"]), types.load(["acme.tts", "core.file"])]);
    expect(names(types)).toEqual(["acme.asr", "acme.tts", "core.file"]);
    expect([acme.loads, other.loads]).toEqual([1, 0]);
  });

  test.each([["acem.asr"], ["acme.vad"]])("for %s, which is nobody's, all are loaded", async (type) => {
    const types = new NodeTypes([
      source("acme", () => plugin("acme", "acme.asr")),
      source("other", () => plugin("other", "other.asr")),
    ]);
    await types.load([type]);
    expect(names(types)).toEqual(["acme.asr", "other.asr"]);
  });

  test("plugins stand in the order in which they were listed, however they were loaded", async () => {
    const types = new NodeTypes([source("a", () => plugin("a", "a.x")), plugin("b"), source("c", () => plugin("c"))]);
    await types.load(["c.y"]);
    expect(types.plugins.map(({ name }) => name)).toEqual(["a", "b", "c"]);
  });

  test.each([
    [
      "throws",
      () => {
        throw new Error("no such library");
      },
      /PLUGIN_INVALID plugin bad: no such library/,
    ],
    [
      "throws a coded error",
      () => {
        throw new EngineError("FILE_NOT_FOUND", "no model");
      },
      /FILE_NOT_FOUND no model/,
    ],
    [
      "registers a type of another's name",
      () => plugin("bad", "acme.asr"),
      /PLUGIN_INVALID .*its types begin with bad/,
    ],
    ["registers a type twice", () => plugin("bad", "bad.asr", "bad.asr"), /CONFIG_INVALID .*registered already/],
  ])("one that %s takes nothing else down", async (_how, load, said) => {
    const types = new NodeTypes([source("bad", load), source("good", () => plugin("good", "good.asr"))]);
    await types.loadAll();
    await types.load(["bad.asr"]); // it is not tried again
    expect(names(types)).toEqual(["good.asr"]);
    expect(types.failures.map(({ name, error }) => `${name} ${error.code} ${error.message}`)).toEqual([
      expect.stringMatching(said),
    ]);
  });

  test("nobody registers the types of a plugin that is still to be loaded", () => {
    const types = new NodeTypes([source("acme", () => plugin("acme"))]);
    expect(() => types.with([plugin("mine", "acme.asr")])).toThrow("another plugin than acme");
    expect(names(types.with([plugin("mine", "mine.asr")]))).toEqual(["mine.asr"]);
  });
});
