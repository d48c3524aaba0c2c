import { below, pick, type Random } from "../random.ts";

/** What is read of a JSON Schema. */
export interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly allOf?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: Schema | boolean;
  readonly items?: Schema;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly minItems?: number;
  readonly format?: string;
}

interface Parameter {
  readonly in: "path" | "query" | "header";
  readonly name: string;
  readonly required?: boolean;
  readonly schema?: Schema;
}

export interface Operation {
  readonly method: string;
  readonly path: string;
  readonly parameters: readonly Parameter[];
  /** Schemas of the body by media type. */
  readonly bodies: Readonly<Record<string, Schema>>;
}

/** An OpenAPI document as far as requests are made from it. */
export class Document {
  readonly operations: readonly Operation[];
  readonly #schemas: Readonly<Record<string, Schema>>;

  constructor(text: string) {
    const document = JSON.parse(text) as {
      paths: Record<string, Record<string, { parameters?: Parameter[]; requestBody?: { content: Content } }>>;
      components: { schemas: Record<string, Schema> };
    };
    this.#schemas = document.components.schemas;
    this.operations = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, { parameters = [], requestBody }]) => ({
        method: method.toUpperCase(),
        path,
        parameters,
        bodies: Object.fromEntries(
          Object.entries(requestBody?.content ?? {}).map(([type, { schema }]) => [type, schema ?? {}]),
        ),
      })),
    );
  }

  schema(name: string): Schema {
    const found = this.#schemas[name];
    if (!found) throw new Error(`the document has no schema ${name}`);
    return found;
  }

  /** A value that fits, as far as the schema says what fits. */
  value(schema: Schema, random: Random, depth = 0): unknown {
    if (schema.$ref !== undefined) return this.value(this.schema(schema.$ref.split("/").at(-1)!), random, depth);
    if (schema.const !== undefined) return schema.const;
    if (schema.enum) return pick(schema.enum, random);
    const choices = schema.anyOf ?? schema.oneOf;
    if (choices) return this.value(pick(choices, random), random, depth);
    if (schema.allOf) return Object.assign({}, ...schema.allOf.map((part) => this.value(part, random, depth)));
    const type = typeof schema.type === "object" ? pick(schema.type, random) : schema.type;
    switch (type) {
      case "object":
        return this.#object(schema, random, depth);
      case "array":
        return depth > 4
          ? []
          : Array.from({ length: Math.max(schema.minItems ?? 0, below(3, random)) }, () =>
              this.value(schema.items ?? {}, random, depth + 1),
            );
      case "integer":
      case "number":
        return numberOf(schema, random);
      case "boolean":
        return random() < 0.5;
      case "null":
        return null;
      default:
        return textOf(schema, random);
    }
  }

  #object(schema: Schema, random: Random, depth: number): Record<string, unknown> {
    const wanted = new Set(schema.required);
    const entries = Object.entries(schema.properties ?? {})
      .filter(([name]) => wanted.has(name) || (depth < 4 && random() < 0.5))
      .map(([name, property]): [string, unknown] => [name, this.value(property, random, depth + 1)]);
    const more = schema.additionalProperties;
    if (typeof more === "object" && depth < 4 && random() < 0.5)
      entries.push([pick(NAMES, random), this.value(more, random, depth + 1)]);
    return Object.fromEntries(entries);
  }
}

type Content = Record<string, { schema?: Schema }>;

const NAMES = ["talk", "words", "customer", "asr", "delayMs", "a"];
const TEXTS = ["numbers", "letters", "talk", "words", "go forward", "en-US", "asr", "default", "1"];

function numberOf({ minimum = 0, maximum = 2 ** 31 }: Schema, random: Random): number {
  const way = random();
  if (way < 0.2) return minimum;
  if (way < 0.4) return maximum;
  return Math.round(minimum + random() * Math.min(1000, maximum - minimum));
}

function textOf({ format, minLength = 0 }: Schema, random: Random): string {
  if (format === "uri") return pick(["https://example.invalid/x", "http://127.0.0.1/"], random);
  if (format === "base64") return "AAEAAQ==";
  return pick(TEXTS, random).padEnd(minLength, "x");
}
