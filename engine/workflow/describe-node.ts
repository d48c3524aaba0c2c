import { z } from "zod";
import { fieldFacts, type InputPorts, type NodeDefinition, type OutputPorts } from "#engine/plugin";
import { childSchema, knownKeys } from "./yaml/schema-walk.ts";

/** A node type for people and programs: what a page about it says. */
export interface NodePage {
  readonly type: string;
  /** Absent where it follows from settings that have no defaults. */
  readonly role?: string;
  readonly summary: string;
  /** One line a port: name, kinds, limits. With the defaults of the settings; empty where those are not enough to tell. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly fields: readonly NodeField[];
  readonly effects: readonly string[];
}

/** A setting of a node type, as it stands inside `with`. */
export interface NodeField {
  readonly name: string;
  /** In words: `integer from 0 to 3`, `fast | accurate`. */
  readonly type: string;
  readonly required: boolean;
  readonly default?: unknown;
  /** `secret`, `live`, `path`, and the environment variables that fill it. */
  readonly marks: readonly string[];
  readonly description?: string;
}

/** The part of JSON Schema that zod writes and that is put into words here. */
interface JsonSchema {
  readonly type?: string;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly anyOf?: readonly JsonSchema[];
  readonly items?: JsonSchema;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly pattern?: string;
  readonly default?: unknown;
  readonly description?: string;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
}

/** Everything that a node type says of itself, from its one declaration. */
export function describeNode(definition: NodeDefinition): NodePage {
  const defaults = definition.config.safeParse({});
  const known = defaults.success ? portsOf(definition, defaults.data) : undefined;
  return {
    type: definition.type,
    ...(known && { role: known.role }),
    summary: definition.summary,
    inputs: known ? inputLines(known.inputs) : [],
    outputs: known ? outputLines(known.outputs) : [],
    fields: fieldsOf(definition),
    effects: [...(definition.effects ?? [])],
  };
}

function portsOf(definition: NodeDefinition, config: unknown) {
  try {
    return { role: definition.role(config), inputs: definition.inputs(config), outputs: definition.outputs(config) };
  } catch {
    return undefined; // some types have no ports before they have settings
  }
}

function fieldsOf(definition: NodeDefinition): NodeField[] {
  const json = z.toJSONSchema(definition.config, { io: "input", unrepresentable: "any" }) as JsonSchema;
  return knownKeys(definition.config).map((name) => {
    const schema = childSchema(definition.config, name)!;
    const facts = fieldFacts(schema);
    const field = json.properties?.[name] ?? {};
    const marks = [
      ...(facts.secret ? ["secret"] : []),
      ...(facts.live ? ["live"] : []),
      ...(facts.path ? [`path to ${facts.path}`] : []),
      ...(facts.env ? [`or from ${facts.env.join(", ")}`] : []),
    ];
    return {
      name,
      type: typeWords(field),
      required: json.required?.includes(name) ?? false,
      ...(field.default !== undefined && { default: field.default }),
      marks,
      ...(field.description !== undefined && { description: field.description }),
    };
  });
}

function typeWords(field: JsonSchema): string {
  if (field.const !== undefined) return String(field.const);
  if (field.enum) return field.enum.map(String).join(" | ");
  if (field.anyOf) return field.anyOf.map(typeWords).join(" | ");
  if (field.type === "array") return `list of ${field.items ? typeWords(field.items) : "anything"}`;
  const least = field.minimum ?? field.exclusiveMinimum;
  const safe = (bound: number | undefined) =>
    bound !== undefined && Math.abs(bound) < Number.MAX_SAFE_INTEGER ? bound : undefined;
  const words = [
    field.type ?? "anything",
    ...(safe(least) === undefined ? [] : [`from ${field.minimum === undefined ? "above " : ""}${least}`]),
    ...(safe(field.maximum) === undefined ? [] : [`to ${field.maximum}`]),
    ...(field.pattern === undefined ? [] : [`of the form ${field.pattern}`]),
  ];
  return words.join(" ");
}

function inputLines(ports: InputPorts): string[] {
  return Object.entries(ports).map(([name, port]) => {
    const { sampleRateHz, channels, frameMs } = port.audio ?? {};
    const limits = [
      ...(sampleRateHz === undefined ? [] : [`${listWords(sampleRateHz)} Hz`]),
      ...(channels === undefined ? [] : [`${listWords(channels)} ch`]),
      ...(frameMs === undefined ? [] : [`frames of ${listWords(frameMs)} ms`]),
    ];
    const remarks = [
      ...(port.requires ?? []).map((kind) => `needs ${kind}`),
      ...(port.textRoles ? [`texts: ${port.textRoles.join(", ")}`] : []),
      ...limits,
      ...(port.optional ? ["optional"] : []),
      ...(port.default ? ["default"] : []),
    ];
    return portLine(name, port.kinds, remarks);
  });
}

function outputLines(ports: OutputPorts): string[] {
  return Object.entries(ports).map(([name, port]) => {
    const audio =
      port.audio === "same"
        ? ["as it comes in"]
        : port.audio
          ? [`${port.audio.sampleRateHz} Hz, ${port.audio.channels} ch`]
          : [];
    const remarks = [
      ...(port.textRole ? [port.textRole] : []),
      ...(port.language ? [`in ${port.language}`] : []),
      ...(port.carries ? [`with ${port.carries.join(", ")}`] : []),
      ...audio,
      ...(port.default ? ["default"] : []),
    ];
    return portLine(name, port.kinds, remarks);
  });
}

const portLine = (name: string, kinds: readonly string[], remarks: readonly string[]): string =>
  `${name}: ${kinds.join(", ")}${remarks.length > 0 ? ` (${remarks.join("; ")})` : ""}`;

const listWords = (value: number | readonly number[]): string =>
  typeof value === "number" ? String(value) : value.join(" | ");
