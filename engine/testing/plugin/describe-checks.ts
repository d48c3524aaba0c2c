import assert from "node:assert/strict";
import { describeNode, fieldFacts, type NodeDefinition, type Plugin, VERSION } from "#engine/plugin";
import type { Check } from "../contract/probe.ts";

/** What a plugin as a whole promises. */
export const pluginPromises = (plugin: Plugin): Check[] => [
  {
    name: "says which versions of Parlando it was made for",
    run: async () => {
      assert.ok(plugin.parlando !== undefined, `definePlugin({ parlando: "^${VERSION}", … }) is missing`);
      assert.ok(Bun.semver.satisfies(VERSION, plugin.parlando), `made for ${plugin.parlando}, and this is ${VERSION}`);
    },
  },
  {
    name: "has something in it",
    run: async () => {
      assert.ok(plugin.nodes.length + (plugin.gateways?.length ?? 0) > 0, "neither a node type nor a gateway");
    },
  },
];

/** What a node type says of itself, before it is tried. */
export const descriptionChecks = (plugin: Plugin, definition: NodeDefinition): Check[] => [
  {
    name: "is named after its plugin",
    run: async () => {
      const wanted = `${plugin.name}.`;
      assert.ok(definition.type.startsWith(wanted), `${definition.type} does not begin with ${wanted}`);
    },
  },
  {
    name: "says in a sentence what it does",
    run: async () => assert.match(definition.summary, /^[A-Z].*\.$/, "the summary is no sentence"),
  },
  {
    name: "describes every setting",
    run: async () => {
      const bare = describeNode(definition).fields.filter(({ description }) => !description);
      assert.deepEqual(
        bare.map(({ name }) => name),
        [],
        "settings without .describe()",
      );
    },
  },
  {
    name: "refuses settings that it does not know",
    run: async () => {
      const { error } = definition.config.safeParse({ "no-such-setting": 1 });
      const refused = error?.issues.some(({ code }) => code === "unrecognized_keys");
      assert.ok(refused, "an unknown setting is taken: z.strictObject refuses it");
    },
  },
  {
    name: "marks what is secret",
    run: async () => {
      const bare = Object.entries(definition.config.shape).filter(
        ([name, schema]) => /(secret|password|token|apikey)/i.test(name) && !fieldFacts(schema).secret,
      );
      const numbers = bare.filter(([, schema]) => !schema.safeParse(1).success); // tokensPerMinute is no secret
      assert.deepEqual(
        numbers.map(([name]) => name),
        [],
        "settings that sound secret and are not marked by secret()",
      );
    },
  },
];
