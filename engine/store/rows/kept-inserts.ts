import { getTableColumns, sql } from "drizzle-orm";
import type { BunSQLiteDatabase } from "drizzle-orm/bun-sqlite";
import type { SQLiteTable } from "drizzle-orm/sqlite-core";
import type { Db } from "../database.ts";
import { chunks } from "./paging.ts";

interface Prepared {
  execute(values: Record<string, unknown>): unknown;
}

/** Statements of a connection, by what they do and for how many rows. */
type Statements = Map<string, Prepared>;

const kept = new WeakMap<object, Statements>();

/** Statements on this connection are made once: it is the same one in every transaction. */
export const keepStatements = (db: BunSQLiteDatabase): void => void kept.set(db, new Map());

/** Rows of one statement, the most first: any number of rows is a few of them. */
const SIZES = [64, 16, 4, 1] as const;

/**
 * Inserts what comes again and again while audio moves. Making a statement costs more than running it, so that one connection keeps its own;
 * where transactions come on connections of a pool, each is made anew.
 * @param table without columns of JSON that may be null: a kept statement would store the word.
 * @param insert the statement for some rows; the same for the same `name`.
 */
export async function insertAll<Row extends Record<string, unknown>>(
  db: Db,
  { name, table, insert }: { name: string; table: SQLiteTable; insert: (rows: Row[]) => Insert },
  rows: readonly Row[],
): Promise<void> {
  const statements = kept.get(db);
  if (!statements) {
    for (const some of chunks(rows)) await insert(some);
    return;
  }
  const columns = Object.keys(getTableColumns(table));
  for (let at = 0; at < rows.length; ) {
    const size = SIZES.find((each) => each <= rows.length - at)!;
    const key = `${name} ${size}`;
    let statement = statements.get(key);
    if (!statement) {
      statement = insert(placeholders(columns, size) as Row[]).prepare();
      statements.set(key, statement);
    }
    const values: Record<string, unknown> = {};
    for (let i = 0; i < size; i++) {
      const row = rows[at + i]!;
      for (const column of columns) values[`${column}${i}`] = row[column] ?? null;
    }
    await statement.execute(values);
    at += size;
  }
}

/** A statement of drizzle: awaited it runs, prepared it runs later. */
type Insert = PromiseLike<unknown> & { prepare(): Prepared };

const placeholders = (columns: readonly string[], size: number): Record<string, unknown>[] =>
  Array.from({ length: size }, (_, i) =>
    Object.fromEntries(columns.map((column) => [column, sql.placeholder(`${column}${i}`)])),
  );
