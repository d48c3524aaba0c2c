import { z } from "zod";
import { RUN_MESSAGES } from "#engine/control";
import { CLIENT_MESSAGES, SERVER_MESSAGES } from "#engine/server";

interface Json {
  readonly type?: string | readonly string[];
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Json[];
  readonly items?: Json;
  readonly properties?: Readonly<Record<string, Json>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | Json;
  readonly description?: string;
}

const jsonOf = (schema: z.ZodType): Json =>
  z.toJSONSchema(schema, { io: "input", unrepresentable: "any", reused: "inline" }) as Json;

/** Tables of all messages of a socket, from the schemas that they are checked against. */
export function messageTables(): string {
  return [
    "**From the client**",
    table(Object.entries(CLIENT_MESSAGES).map(([type, { summary, schema }]) => [type, jsonOf(schema), summary])),
    "**From the server**",
    table(Object.entries(SERVER_MESSAGES).map(([type, { summary, schema }]) => [type, jsonOf(schema), summary])),
  ].join("\n\n");
}

/** A table of all events of a run. */
export const eventTable = (): string =>
  [
    "| event | version | `data` | what it says |",
    "| --- | --- | --- | --- |",
    ...Object.entries(RUN_MESSAGES).map(
      ([type, { version, data, summary }]) => `| \`${type}\` | ${version} | ${fields(jsonOf(data))} | ${summary} |`,
    ),
  ].join("\n");

const table = (rows: readonly (readonly [string, Json, string])[]): string =>
  [
    "| type | fields | what it does |",
    "| --- | --- | --- |",
    ...rows.map(([type, schema, summary]) => `| \`${type}\` | ${fields(schema)} | ${summary} |`),
  ].join("\n");

const fields = ({ properties = {}, required = [] }: Json): string =>
  Object.entries(properties)
    .filter(([name]) => name !== "type")
    .map(([name, field]) => `\`${name}${required.includes(name) ? "" : "?"}\` ${words(field)}`)
    .join("<br>");

/** A type in a word or two; what is large is only named for what it is. */
function words(json: Json): string {
  if (json.const !== undefined) return JSON.stringify(json.const);
  if (json.type === undefined && json.description !== undefined) return json.description;
  if (json.enum) return json.enum.length > 8 ? "a name" : json.enum.join(" \\| ");
  if (json.anyOf) return [...new Set(json.anyOf.map(words))].join(" or ");
  if (json.type === "array") return `list of ${words(json.items ?? {})}`;
  if (json.type === "object" && typeof json.additionalProperties === "object" && !json.properties)
    return `map to ${words(json.additionalProperties)}`;
  return String(json.type ?? "anything");
}
