import { EngineError } from "#engine/errors";
import type { Caller, Page, PageRequest, Scope } from "./api/access.ts";

/** @throws EngineError SCOPE_MISSING. */
export function requireScope(caller: Caller, scope: Scope): void {
  if (!caller.scopes.has(scope) && !caller.scopes.has("admin"))
    throw new EngineError("SCOPE_MISSING", `the key has not the scope ${scope}`);
}

/** A token made for one run or workflow is not for lists and other things of the whole project. @throws EngineError SCOPE_MISSING. */
export function requireWhole(caller: Caller): void {
  if (caller.only) throw new EngineError("SCOPE_MISSING", "the token is for one run or workflow alone");
}

const DEFAULT_LIMIT = 50;
const MOST = 200;

/** A place in a list of falling time. */
export interface Place {
  readonly limit: number;
  readonly after?: { readonly atMs: number; readonly id: string };
}

/** @throws EngineError REQUEST_INVALID for a limit or cursor that this server has not given out. */
export function placeOf({ limit = DEFAULT_LIMIT, cursor }: PageRequest): Place {
  if (!Number.isInteger(limit) || limit < 1 || limit > MOST)
    throw new EngineError("REQUEST_INVALID", `limit: a whole number from 1 to ${MOST} was wanted`);
  if (cursor === undefined) return { limit };
  const [ms, id, ...more] = fromCursor(cursor).split(" ");
  if (id === undefined || more.length > 0 || !/^\d+$/.test(ms!))
    throw new EngineError("REQUEST_INVALID", "cursor: not one that this server has given out");
  return { limit, after: { atMs: Number(ms), id } };
}

/**
 * A page of what was asked for with one row more than its limit.
 * @param rows of falling time, at most `limit + 1`.
 */
export function pageOf<Row, View>(
  rows: readonly Row[],
  limit: number,
  position: (row: Row) => { readonly atMs: number; readonly id: string },
  view: (row: Row) => View,
): Page<View> {
  const items = rows.slice(0, limit).map(view);
  const last = rows[limit - 1];
  if (rows.length <= limit || !last) return { items };
  const { atMs, id } = position(last);
  return { items, next: toCursor(`${atMs} ${id}`) };
}

export const toCursor = (text: string): string => Buffer.from(text, "utf8").toString("base64url");
export const fromCursor = (cursor: string): string => Buffer.from(cursor, "base64url").toString("utf8");
