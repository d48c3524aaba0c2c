import type { z } from "zod";

/** Adds a finding unless exactly one of the fields is there. */
export function exactlyOne<T extends object>(
  given: T,
  fields: readonly (keyof T & string)[],
  ctx: z.RefinementCtx,
): void {
  const found = fields.filter((field) => given[field] !== undefined);
  if (found.length === 1) return;
  const message = `wanted one of ${fields.join(", ")}; found ${found.length === 0 ? "none" : found.join(" and ")}`;
  ctx.addIssue({ code: "custom", path: found.slice(1, 2), message });
}

/** Adds a finding for each field that is there without what it belongs to. */
export function onlyWith<T extends object>(
  given: T,
  owner: keyof T & string,
  fields: readonly (keyof T & string)[],
  ctx: z.RefinementCtx,
): void {
  if (given[owner] !== undefined) return;
  for (const field of fields)
    if (given[field] !== undefined)
      ctx.addIssue({ code: "custom", path: [field], message: `belongs to ${owner}, which is not there` });
}
