import { z } from "zod";
import { fieldFacts, type NodeDefinition, type NodeTypes } from "#engine/plugin";
import {
  bargeInSchema,
  candidateSchema,
  edgeSchema,
  inputSchema,
  limitsSchema,
  NAME,
  NODE_ID,
  nodeSchema,
  paramSchema,
  workflowSchema,
} from "./read/format.ts";
import { wholeTestSchema } from "./tests/format.ts";

/** As much of JSON Schema (draft 7, which editors read) as is made here. */
export interface JsonSchema {
  [word: string]: unknown;
  properties?: Record<string, JsonSchema>;
  required?: string[];
  description?: string;
  default?: unknown;
}

/** Where a `${…}` stands for the value. */
const FILLED: JsonSchema = { type: "string", pattern: "\\$\\{" };

const ref = (name: string): JsonSchema => ({ $ref: `#/definitions/${name}` });

/**
 * The format as JSON Schema, with the settings of every node type known: what an editor completes, explains and checks. It forgives what
 * only lint can judge, such as a setting that `defaults` or the environment may give.
 * @param types of which all are loaded.
 */
export function workflowJsonSchema(types: NodeTypes): JsonSchema {
  const definitions = types.all();
  const settings = Object.fromEntries(definitions.map((each) => [settingsName(each.type), settingsSchema(each)]));
  const top = plain(workflowSchema);
  const bargeIn = plain(bargeInSchema);
  const { definitions: piecesOfTests, ...test } = plain(wholeTestSchema);
  return {
    $schema: "http://json-schema.org/draft-07/schema#",
    title: "Parlando workflow",
    description: "A speech workflow: nodes, what feeds them, and the workflow's own inputs, outputs and params.",
    ...top,
    required: ["parlando", "nodes"],
    properties: {
      ...top.properties,
      tests: { type: "array", description: "what has to be true of it: `parlando test` runs them", items: test },
      parlando: { const: 1, description: "the version of the format" },
      inputs: named(NAME, ref("input"), "the workflow's own inputs: whoever starts the run binds them"),
      params: named(NAME, ref("param"), "values that whoever starts the run may give"),
      defaults: {
        type: "object",
        description: "settings by node type, for every node of that type",
        additionalProperties: false,
        properties: Object.fromEntries(
          definitions.map(({ type, summary }) => [type, { description: summary, allOf: [ref(settingsName(type))] }]),
        ),
      },
      nodes: named(NODE_ID, ref("node"), "the steps, by id"),
      outputs: named(NAME, ref("references"), "the workflow's own outputs: each with the ports that give it"),
      bargeIn: {
        ...bargeIn,
        description: "who is heard to speak over the machine, and what falls silent then",
        properties: { ...bargeIn.properties, when: { ...bargeIn.properties?.when, ...ref("references") } },
      },
      limits: { ...plain(limitsSchema), description: "of the run, in milliseconds of its clock" },
    },
    definitions: {
      input: plain(inputSchema),
      param: plain(paramSchema),
      node: userSchema(nodeSchema, definitions),
      candidate: userSchema(candidateSchema, definitions),
      edge: { ...plain(edgeSchema), description: "an edge with words of its own" },
      references: oneOrMore(ref("reference")),
      feeds: oneOrMore({ anyOf: [ref("reference"), ref("edge")] }),
      reference: { type: "string", description: "`node`, `node.port` or `inputs.name`" },
      ...settings,
      ...(typeof piecesOfTests === "object" && piecesOfTests),
    },
  };
}

const settingsName = (type: string): string => `with ${type}`;

const oneOrMore = (one: JsonSchema): JsonSchema => ({ anyOf: [one, { type: "array", items: one, minItems: 1 }] });

const named = (pattern: RegExp, value: JsonSchema, description: string): JsonSchema => ({
  type: "object",
  description,
  patternProperties: { [pattern.source]: value },
  additionalProperties: false,
});

/** What has `use` and `with`: the settings follow from the type. */
function userSchema(schema: z.ZodType, definitions: readonly NodeDefinition[]): JsonSchema {
  const words = plain(schema);
  const properties = { ...words.properties };
  if (properties.from) properties.from = { ...properties.from, ...ref("feeds") };
  if (properties.in) properties.in = { ...properties.in, additionalProperties: ref("feeds") };
  if (properties.fallback) properties.fallback = { ...properties.fallback, items: ref("candidate") };
  if (properties.nodes)
    properties.nodes = { ...properties.nodes, ...named(NODE_ID, ref("node"), "nodes in the place of one") };
  if (properties.cases) properties.cases = { ...properties.cases, type: "object", additionalProperties: ref("node") };
  if (properties.outputs)
    properties.outputs = { ...properties.outputs, ...named(NAME, ref("references"), "of its nodes") };
  const { required: _, ...rest } = words; // what a node is made of instead of `use` is lint's to judge
  return {
    ...rest,
    properties: {
      ...properties,
      use: {
        description: "the node type, or ./file.yaml for a workflow",
        anyOf: [
          ...definitions.map(({ type, summary }) => ({ const: type, title: type, description: summary })),
          { type: "string", pattern: "^\\.{0,2}/|\\.ya?ml$", description: "another workflow, as one node" },
        ],
      },
    },
    allOf: definitions.map(({ type }) => ({
      if: { properties: { use: { const: type } }, required: ["use"] },
      // biome-ignore lint/suspicious/noThenProperty: a word of JSON Schema
      then: { properties: { with: ref(settingsName(type)) } },
    })),
  };
}

/** The settings of a node type. Any of them may be filled in, and any that is required may come from elsewhere. */
function settingsSchema({ type, config, summary }: NodeDefinition): JsonSchema {
  const schema = fillable(plain(config));
  const properties = Object.fromEntries(
    Object.entries(schema.properties ?? {}).map(([name, field]) => {
      const facts = config.shape[name] ? fieldFacts(config.shape[name]) : {};
      const more = [
        ...(schema.required?.includes(name) ? ["Required."] : []),
        ...(facts.secret ? ["A secret: write ${secret:name}."] : []),
        ...(facts.env ? [`Taken from ${facts.env.join(" or ")} where it is left out.`] : []),
        ...(facts.live ? ["May be changed during a run."] : []),
      ];
      const description = [field.description, ...more].filter(Boolean).join(" ");
      return [name, { ...field, ...(description !== "" && { description }) }];
    }),
  );
  const { required: _, ...rest } = schema;
  return { ...rest, title: type, description: summary, properties };
}

/** A schema in which each scalar may also be a text with `${…}` in it. */
function fillable(schema: JsonSchema): JsonSchema {
  const inner = mapped(schema);
  if (inner.type === "object" || inner.type === "array" || inner.anyOf || inner.oneOf || inner.type === undefined) {
    return "const" in inner || "enum" in inner ? orFilled(inner) : inner;
  }
  return orFilled(inner);
}

function mapped(schema: JsonSchema): JsonSchema {
  const result: JsonSchema = {};
  for (const [word, value] of Object.entries(schema)) {
    if (word === "properties") result.properties = mapValues(value as Record<string, JsonSchema>);
    else if (word === "items" || word === "additionalProperties")
      result[word] = isSchema(value) ? fillable(value) : Array.isArray(value) ? value.map(fillable) : value;
    else if ((word === "anyOf" || word === "oneOf") && Array.isArray(value))
      result.anyOf = [...value.map(mapped), FILLED]; // a filled text may be of two of the forms at once
    else result[word] = value;
  }
  return result;
}

const mapValues = (schemas: Record<string, JsonSchema>): Record<string, JsonSchema> =>
  Object.fromEntries(Object.entries(schemas).map(([name, schema]) => [name, fillable(schema)]));

function orFilled(schema: JsonSchema): JsonSchema {
  if (schema.type === "string" && !("enum" in schema) && !("const" in schema) && !schema.pattern && !schema.format)
    return withoutLengths(schema);
  const { description, default: standard, title, ...rest } = schema;
  return {
    ...(title !== undefined && { title }),
    ...(description !== undefined && { description }),
    ...(standard !== undefined && { default: standard }),
    anyOf: [rest, FILLED],
  };
}

/** The length of a text that is still to be filled in says nothing. */
const withoutLengths = ({ maxLength, ...rest }: JsonSchema): JsonSchema => rest;

const isSchema = (value: unknown): value is JsonSchema =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function plain(schema: z.ZodType): JsonSchema {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io: "input", unrepresentable: "any", target: "draft-7" });
  return rest as JsonSchema;
}
