import type { BunSQLiteDatabase } from "drizzle-orm/bun-sqlite";
import type { Tables } from "./schema/tables.ts";

/** drizzle on one connection or inside one transaction. Its type is SQLite's; the same queries run on PostgreSQL. */
export type Db = Pick<BunSQLiteDatabase, "select" | "selectDistinct" | "insert" | "update" | "delete">;

/** `full` survives a loss of power, `normal` the death of the process. */
export type Sync = "normal" | "full";

/** A database that is open: who may ask it what, and when. */
export interface Database {
  readonly dialect: "sqlite" | "postgres";
  readonly tables: Tables;
  /** Sees what is committed, and nothing else. */
  read<T>(ask: (db: Db) => Promise<T>): Promise<T>;
  /**
   * One transaction; what `change` throws takes all of it back. One at a time on SQLite, so it awaits nothing but the database.
   * What it resolves to is handed out after the commit.
   */
  write<T>(change: (db: Db) => Promise<T>): Promise<T>;
  /** Takes the store for this process alone, until it is closed or the process ends. False: another one has it. */
  claim(): Promise<boolean>;
  close(): Promise<void>;
}
