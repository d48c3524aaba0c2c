import { z } from "@hono/zod-openapi";

/** An array as answers carry it. */
export const list = <T extends z.ZodType>(of: T) => z.array(of).readonly();

type Exact<T> = T extends readonly (infer E)[]
  ? readonly Exact<E>[]
  : T extends object
    ? { [K in keyof T]: Exact<Exclude<T[K], undefined>> }
    : T;

/** What came as JSON or in a query: no key of it holds `undefined`, which the type of an optional field does not know. */
export const exact = <T>(value: T): Exact<T> => value as Exact<T>;

export const findingSchema = z
  .object({
    file: z.string(),
    line: z.number().int().describe("from 1"),
    column: z.number().int().describe("from 1, in characters"),
    severity: z.enum(["error", "warning", "note"]),
    code: z.string(),
    message: z.string(),
    fix: z
      .object({ offset: z.number().int(), length: z.number().int(), text: z.string() })
      .optional()
      .describe("what to write instead"),
  })
  .openapi("Finding");

const LABEL_NAME = z
  .string()
  .regex(/^[\w./-]{1,63}$/, "the name of a label has from 1 to 63 letters, digits and . _ / -");

export const labelsSchema = z
  .record(LABEL_NAME, z.string().max(255))
  .refine((labels) => Object.keys(labels).length <= 32, "at most 32 labels")
  .describe("they return in every event, webhook and list");

export const errorSchema = z.object({ code: z.string(), message: z.string() });

const whole = (least: number, most: number, what: string) =>
  z
    .string()
    .regex(/^\d{1,16}$/, "a whole number")
    .transform(Number)
    .refine((value) => value >= least && value <= most, `from ${least} to ${most}`)
    .openapi({ type: "integer", minimum: least, maximum: most, description: what });

/** A whole number in a query. */
export const queryWhole = whole;

/** `true` or `false` in a query. */
export const queryFlag = (what: string) =>
  z
    .enum(["true", "false"])
    .transform((value) => value === "true")
    .openapi({ type: "boolean", description: what });

/** Names in a query, separated by commas. */
export const queryNames = (what: string) =>
  z
    .string()
    .max(1000)
    .transform((value) => value.split(",").filter(Boolean))
    .openapi({ type: "string", description: `${what}, separated by commas` });

/** Labels in a query: `label=NAME:VALUE`, as often as wanted. All have to match. */
export const queryLabels = z
  .union([z.string(), z.array(z.string()).max(32)])
  .transform((value, ctx) => {
    const found = new Map<string, string>();
    for (const item of typeof value === "string" ? [value] : value) {
      const at = item.indexOf(":");
      const name = item.slice(0, at);
      const wrong = at < 1 ? "a label is asked for as NAME:VALUE" : found.has(name) && "a label has one value";
      if (wrong) {
        ctx.addIssue({ code: "custom", message: wrong });
        return z.NEVER;
      }
      found.set(name, item.slice(at + 1));
    }
    return Object.fromEntries(found);
  })
  .openapi({
    type: "array",
    items: { type: "string" },
    description: "NAME:VALUE, as often as wanted; all have to match",
  });

/** Something that may stand in a query several times. */
export const queryList = (what: string) =>
  z
    .union([z.string().max(10_000), z.array(z.string().max(10_000)).max(100)])
    .transform((value) => (typeof value === "string" ? [value] : value))
    .openapi({ type: "array", items: { type: "string" }, description: what });

export const pageQuery = {
  limit: queryWhole(1, 200, "how many at most; default 50").optional(),
  cursor: z.string().max(500).optional().describe("`next` of the page before"),
};

/** One page of a list, as a component with a name. */
export const pageOf = <T extends z.ZodType>(item: T, name: string) =>
  z
    .object({
      items: list(item),
      next: z.string().optional().describe("`cursor` of the page after; absent on the last one"),
    })
    .openapi(name);

/** An id as it stands in a path. What it is like is known to who gave it out. */
export const idParams = z.object({ id: z.string().min(1).max(128) });
