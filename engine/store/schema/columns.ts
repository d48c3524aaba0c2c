import * as pg from "drizzle-orm/pg-core";
import * as lite from "drizzle-orm/sqlite-core";
import { storable, storableJson } from "./storable.ts";

/** drizzle hands raw JSON over as text. */
const parsed = (value: unknown): unknown => (typeof value === "string" ? JSON.parse(value) : value);

/**
 * What a table is made of, in the words that both databases share. Milliseconds, samples and counts are whole numbers up to 2^53; JSON is
 * text in SQLite and `jsonb` in PostgreSQL.
 */
export const sqliteColumns = {
  table: lite.sqliteTable,
  text: () => lite.customType<{ data: string; driverData: string }>({ dataType: () => "text", toDriver: storable })(),
  whole: () => lite.integer(),
  real: () => lite.real(),
  flag: () => lite.integer({ mode: "boolean" }),
  json: <T>() =>
    lite.customType<{ data: T; driverData: string }>({
      dataType: () => "text",
      toDriver: storableJson,
      fromDriver: (value) => parsed(value) as T,
    })(),
  index: lite.index,
  unique: lite.uniqueIndex,
  primaryKey: lite.primaryKey,
};

export type Columns = typeof sqliteColumns;

/** The same words for PostgreSQL. drizzle has no type that covers both, so that of SQLite stands for both: the queries in use are alike. */
export const postgresColumns = {
  table: pg.pgTable,
  text: () => pg.customType<{ data: string; driverData: string }>({ dataType: () => "text", toDriver: storable })(),
  whole: () => pg.bigint({ mode: "number" }),
  real: () => pg.doublePrecision(),
  flag: () => pg.boolean(),
  json: <T>() =>
    pg.customType<{ data: T; driverData: unknown }>({
      dataType: () => "jsonb",
      toDriver: storableJson,
      fromDriver: (value) => parsed(value) as T,
    })(),
  index: pg.index,
  unique: pg.uniqueIndex,
  primaryKey: pg.primaryKey,
} as unknown as Columns;
