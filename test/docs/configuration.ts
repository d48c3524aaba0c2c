import { z } from "zod";
import { serverConfigSchema } from "#engine/control";

/** As much of JSON Schema as zod writes for the configuration. */
interface Schema {
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema | boolean;
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
}

const schema = z.toJSONSchema(serverConfigSchema, { io: "input", unrepresentable: "any" }) as Schema;

/** A line of a table for each key of `parlando.yaml`: its path, what holds where it is left out, and what it is. */
export const configurationRows = (): string[] => rowsOf(schema, "");

function rowsOf(of: Schema, path: string): string[] {
  const leaf =
    /[^\]]$/.test(path) && !path.endsWith(".NAME") && !of.properties && !of.additionalProperties && !of.anyOf;
  const own = path !== "" && (of.description !== undefined || leaf) ? [row(path, of)] : [];
  return [...own, ...below(of, path)];
}

function below(of: Schema, path: string): string[] {
  const { properties, additionalProperties, items, anyOf } = of;
  const named = Object.entries(properties ?? {}).flatMap(([name, each]) =>
    rowsOf(each, path === "" ? name : `${path}.${name}`),
  );
  const any = typeof additionalProperties === "object" ? rowsOf(additionalProperties, `${path}.NAME`) : [];
  const each = items ? rowsOf(items, `${path}[]`) : [];
  const either = (anyOf ?? []).flatMap((one) => below(one, path));
  return [...new Set([...named, ...any, ...each, ...either])];
}

function row(path: string, { default: standard, description = "" }: Schema): string {
  const shown = standard === undefined || typeof standard === "object" ? "" : `\`${String(standard)}\``;
  return `| \`${path}\` | ${shown} | ${description.replaceAll("|", "\\|")} |`;
}
