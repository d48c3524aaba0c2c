import type { z } from "zod";
import type { Path } from "./yaml-file.ts";

type Schema = z.core.$ZodType;

/** The parts of a zod definition that lead further in; which of them there are depends on the type. */
interface Def {
  readonly type: string;
  readonly innerType?: Schema;
  readonly in?: Schema;
  readonly getter?: () => Schema;
  readonly shape?: Readonly<Record<string, Schema>>;
  readonly catchall?: Schema;
  readonly element?: Schema;
  readonly valueType?: Schema;
  readonly items?: readonly Schema[];
  readonly options?: readonly Schema[];
}

const defOf = (schema: Schema): Def => schema._zod.def as Def;

/** The schema inside `.optional()`, `.default()`, `.transform()` and the like. */
export function unwrap(schema: Schema): Schema {
  const def = defOf(schema);
  const inner = def.innerType ?? (def.type === "pipe" ? def.in : undefined) ?? def.getter?.();
  return inner ? unwrap(inner) : schema;
}

/** The schema of one key or index of a value; undefined where the schema says nothing of it. */
export function childSchema(schema: Schema, step: PropertyKey): Schema | undefined {
  const def = defOf(unwrap(schema));
  if (def.shape) {
    const name = String(step);
    return Object.hasOwn(def.shape, name) ? def.shape[name] : def.catchall;
  }
  if (def.element) return def.element;
  if (def.valueType) return def.valueType;
  if (def.items) return def.items[Number(step)];
  for (const option of def.options ?? []) {
    const child = childSchema(option, step);
    if (child && defOf(child).type !== "never") return child;
  }
  return undefined;
}

/** The schemas from the top to the value at a path, the top first; as far as they are known. */
export function schemasAlong(schema: Schema, path: Path): Schema[] {
  const along = [schema];
  for (const step of path) {
    const next = childSchema(along.at(-1)!, step);
    if (!next) break;
    along.push(next);
  }
  return along;
}

/** The keys that an object's schema knows; those of all its options for a union; none where it takes any. */
export function knownKeys(schema: Schema): string[] {
  const def = defOf(unwrap(schema));
  if (def.shape) return Object.keys(def.shape);
  return [...new Set((def.options ?? []).flatMap(knownKeys))];
}
