import { z } from "zod";

/** What a field of a node's config is beside its type. */
export interface FieldFacts {
  /** Never printed, stored or sent anywhere but to the service it belongs to; the only fields that `${secret:…}` may fill. */
  readonly secret?: true;
  /** May be changed while a run is going on. */
  readonly live?: true;
  /** Names of environment variables that fill the field when the workflow does not, the first that is set. */
  readonly env?: readonly string[];
  /** A file or folder that the node reads or writes: relative to the workflow's own folder. */
  readonly path?: "read" | "write";
}

const facts = z.registry<FieldFacts>();

function mark<T extends z.ZodType>(schema: T, more: FieldFacts): T {
  facts.add(schema, { ...facts.get(schema), ...more });
  return schema;
}

export const secret = <T extends z.ZodType>(schema: T): T => mark(schema, { secret: true });
export const live = <T extends z.ZodType>(schema: T): T => mark(schema, { live: true });
export const fromEnv = <T extends z.ZodType>(schema: T, ...env: string[]): T => mark(schema, { env });
export const path = <T extends z.ZodType>(schema: T, use: "read" | "write"): T => mark(schema, { path: use });

/** The facts of a field, found through `.describe()`, `.optional()`, `.default()` and the like; empty where none were marked. */
export function fieldFacts(schema: z.core.$ZodType): FieldFacts {
  const inner = (schema._zod.def as { innerType?: z.core.$ZodType }).innerType;
  return { ...(inner ? fieldFacts(inner) : {}), ...facts.get(schema as z.ZodType) };
}
