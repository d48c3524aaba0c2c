import { z } from "zod";
import { fieldFacts } from "./fields.ts";
import type { Effect, NodeDefinition, Role } from "./node.ts";
import type { AudioLimits, InputPort, InputPorts, OutputPort, OutputPorts } from "./ports.ts";

/** A node type as people and editors read it, made from its spec alone. */
export interface NodePage {
  readonly type: string;
  readonly summary: string;
  readonly shape: "inline" | "task";
  /** Of the default settings; absent where they cannot be left out and decide it. */
  readonly role?: Role;
  /** A line each: `audio: audio, speech; 16000 Hz, 1 channel`. */
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
  const parsed = definition.config.safeParse({});
  // What follows from settings is shown for the defaults; where there are none, ports and role follow from what is written.
  const config = parsed.success ? parsed.data : undefined;
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
      `${name}: ${[kinds(port), format(port), port.language, port.default ? "default" : ""].filter(Boolean).join("; ")}`,
  );

const kinds = (port: InputPort | OutputPort): string => port.kinds.join(", ");
const roles = (port: InputPort): string => port.textRoles?.join(" or ") ?? "";
const flags = (port: InputPort): string => (port.optional ? "may stay unfed" : "");

function limits(audio: AudioLimits | undefined): string {
  if (!audio) return "";
  const list = (value: number | readonly number[]) => (typeof value === "number" ? `${value}` : value.join("/"));
  return [
    audio.sampleRateHz === undefined ? "" : `${list(audio.sampleRateHz)} Hz`,
    audio.channels === undefined ? "" : `${list(audio.channels)} channel(s)`,
    audio.frameMs === undefined ? "" : `frames of ${list(audio.frameMs)} ms`,
  ]
    .filter(Boolean)
    .join(", ");
}

const format = ({ audio }: OutputPort): string =>
  audio === undefined
    ? ""
    : audio === "same"
      ? "the format that comes in"
      : `${audio.sampleRateHz} Hz, ${audio.channels} channel(s)`;

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
  const type = Array.isArray(json.type) ? json.type.join(" or ") : (json.type ?? "any");
  const bounds = [
    json.minimum === undefined || json.minimum <= Number.MIN_SAFE_INTEGER ? "" : `from ${json.minimum}`,
    json.maximum === undefined || json.maximum >= Number.MAX_SAFE_INTEGER ? "" : `to ${json.maximum}`,
  ];
  return [type, ...bounds].filter(Boolean).join(" ");
}
