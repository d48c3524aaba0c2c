import { and, eq, lt, or, type SQL } from "drizzle-orm";
import type { SQLiteColumn } from "drizzle-orm/sqlite-core";

/** The last row of the page before, in an order of falling time and id. */
export interface Position {
  readonly atMs: number;
  readonly id: string;
}

/** Rows that come after a position, the latest first. */
export const after = (position: Position | undefined, atMs: SQLiteColumn, id: SQLiteColumn): SQL | undefined =>
  position && or(lt(atMs, position.atMs), and(eq(atMs, position.atMs), lt(id, position.id)));

/** Rows of one statement: SQLite takes 32,766 values at once. */
const ROWS_AT_ONCE = 500;

/** Lists no longer than one statement takes. */
export function* chunks<T>(all: readonly T[]): Generator<T[]> {
  for (let at = 0; at < all.length; at += ROWS_AT_ONCE) yield all.slice(at, at + ROWS_AT_ONCE);
}
