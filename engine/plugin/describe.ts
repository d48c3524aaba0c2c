import { z } from "zod";
import { fieldFacts } from "./fields.ts";
import type { Effect, NodeDefinition, Role } from "./node.ts";
import type { AudioLimits, InputPort, InputPorts, OutputPort, OutputPorts } from "./ports.ts";

/** A node type as people and editors read it, made from its spec alone. */
export interface NodePage {
  readonly type: string;
  readonly summary: string;
  readonly shape: "inline" | "task";
  /** Of the default settings; absent where a setting that has none decides it. */
  readonly role?: Role;
  /** A line each: `audio: audio, speech; 16000 Hz, 1 channel`. For the default settings, as the role. */
  readonly inputs: string[];
  readonly outputs: string[];
  readonly fields: readonly FieldPage[];
  readonly effects: readonly Effect[];
  /** JSON Schema of what stands in `with:`. */
  readonly schema: unknown;
}

export interface FieldPage {
  readonly name: string;
  readonly type: string;
  readonly required: boolean;
  readonly default?: unknown;
  readonly description?: string;
  /** `secret`, `live`, `from NAME`, `a file to read`, … */
  readonly marks: readonly string[];
}

export function describeNode(definition: NodeDefinition): NodePage {
  // Role and ports are shown as they follow from the defaults, with nothing for settings that have none.
  const config = z.object(definition.config.shape).partial().safeParse({}).data;
  const role = attempt(() => definition.role(config));
  const inputs = attempt(() => definition.inputs(config)) ?? {};
  const outputs = attempt(() => definition.outputs(config)) ?? {};
  return {
    type: definition.type,
    summary: definition.summary,
    shape: definition.shape,
    ...(role && { role }),
    inputs: inputLines(inputs),
    outputs: outputLines(outputs),
    fields: Object.entries(definition.config.shape).map(([name, schema]) => fieldPage(name, schema)),
    effects: definition.effects ?? [],
    schema: z.toJSONSchema(definition.config, { io: "input", unrepresentable: "any" }),
  };
}

function attempt<T>(call: () => T): T | undefined {
  try {
    return call();
  } catch {
    return undefined;
  }
}

const inputLines = (ports: InputPorts): string[] =>
  Object.entries(ports).map(
    ([name, port]) =>
      `${name}: ${[kinds(port), limits(port.audio), roles(port), flags(port)].filter(Boolean).join("; ")}`,
  );

const outputLines = (ports: OutputPorts): string[] =>
  Object.entries(ports).map(
    ([name, port]) =>
      `${name}: ${[kinds(port), port.textRole, format(port), port.language, port.default ? "default" : ""].filter(Boolean).join("; ")}`,
  );

const kinds = (port: InputPort | OutputPort): string => port.kinds.join(", ");
const roles = (port: InputPort): string => port.textRoles?.join(" or ") ?? "";
const flags = ({ requires = [], optional }: InputPort): string =>
  [...requires.map((kind) => `needs ${kind}`), ...(optional ? ["may stay unfed"] : [])].join("; ");

function limits(audio: AudioLimits | undefined): string {
  if (!audio) return "";
  return [
    audio.sampleRateHz === undefined ? "" : `${list(audio.sampleRateHz)} Hz`,
    audio.channels === undefined ? "" : channels(audio.channels),
    audio.frameMs === undefined ? "" : `frames of ${list(audio.frameMs)} ms`,
  ]
    .filter(Boolean)
    .join(", ");
}

const list = (value: number | readonly number[]): string =>
  typeof value === "number" ? `${value}` : value.join(" or ");

const channels = (count: number | readonly number[]): string => (count === 1 ? "1 channel" : `${list(count)} channels`);

function format({ audio, kinds }: OutputPort): string {
  if (audio === undefined) return kinds.includes("audio") ? "a format known at the start" : "";
  if (audio === "same") return "the format that comes in";
  const length = audio.frameMs === undefined ? "" : `, frames of ${audio.frameMs} ms`;
  return `${audio.sampleRateHz} Hz, ${channels(audio.channels)}${length}`;
}

function fieldPage(name: string, schema: z.core.$ZodType): FieldPage {
  const facts = fieldFacts(schema);
  const json = z.toJSONSchema(schema, { io: "input", unrepresentable: "any" }) as JsonSchema;
  const { description } = json;
  return {
    name,
    type: typeWords(json),
    required: !z.safeParse(schema, undefined).success,
    ...(json.default !== undefined && { default: json.default }),
    ...(description !== undefined && { description }),
    marks: [
      ...(facts.secret ? ["secret"] : []),
      ...(facts.live ? ["live"] : []),
      ...(facts.env ? [`from ${facts.env.join(" or ")}`] : []),
      ...(facts.path ? [`a path to ${facts.path}`] : []),
    ],
  };
}

interface JsonSchema {
  type?: string | string[];
  const?: unknown;
  enum?: unknown[];
  anyOf?: JsonSchema[];
  oneOf?: JsonSchema[];
  items?: JsonSchema;
  prefixItems?: JsonSchema[];
  properties?: Readonly<Record<string, JsonSchema>>;
  /** Of a mapping with free keys, such as one from texts to texts. */
  additionalProperties?: JsonSchema | boolean;
  minimum?: number;
  maximum?: number;
  default?: unknown;
  description?: string;
}

/** `integer from 0 to 1000`, `one of fast, accurate`, `list of string`. */
function typeWords(json: JsonSchema): string {
  if (json.const !== undefined) return JSON.stringify(json.const);
  if (json.enum) return `one of ${json.enum.join(", ")}`;
  const either = json.anyOf ?? json.oneOf;
  if (either) return either.map(typeWords).join(" or ");
  if (json.items) return `list of ${typeWords(json.items)}`;
  if (json.prefixItems) return `list: ${json.prefixItems.map(typeWords).join(", then ")}`;
  if (json.properties) return `mapping with ${Object.keys(json.properties).join(", ")}`;
  if (typeof json.additionalProperties === "object") return `mapping to ${typeWords(json.additionalProperties)}`;
  const type = Array.isArray(json.type) ? json.type.join(" or ") : (json.type ?? "any");
  const bounds = [
    json.minimum === undefined || json.minimum <= Number.MIN_SAFE_INTEGER ? "" : `from ${json.minimum}`,
    json.maximum === undefined || json.maximum >= Number.MAX_SAFE_INTEGER ? "" : `to ${json.maximum}`,
  ];
  return [type, ...bounds].filter(Boolean).join(" ");
}
