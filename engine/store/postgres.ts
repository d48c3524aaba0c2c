import { join } from "node:path";
import { sql } from "drizzle-orm";
import { drizzle } from "drizzle-orm/postgres-js";
import { migrate } from "drizzle-orm/postgres-js/migrator";
import postgres from "postgres";
import type { Database, Db, Sync } from "./database.ts";
import { postgresTables } from "./schema/postgres.ts";

const CONNECTIONS = 8;
/** Of the lock that keeps two processes from migrating at once; any number that nobody else uses. */
const MIGRATION_LOCK = 7_262_536;
/** The same for the process that works on what is stored. */
const CLAIM_LOCK = 7_262_537;

/** A PostgreSQL database, by the `postgres` driver: Bun's own stores `jsonb` as a string when drizzle drives it. */
export class PostgresDatabase implements Database {
  readonly dialect = "postgres";
  readonly tables = postgresTables;
  readonly #client: postgres.Sql;
  readonly #db: ReturnType<typeof drizzle>;
  /** The connection that holds the lock of whoever has claimed the store. */
  #claim: postgres.Sql | undefined;

  private constructor(
    private readonly url: string,
    client: postgres.Sql,
  ) {
    this.#client = client;
    this.#db = drizzle({ client, casing: "snake_case" });
  }

  /** @param url `postgres://user:password@host:port/database`. */
  static async open(url: string, sync: Sync): Promise<PostgresDatabase> {
    const client = postgres(url, {
      max: CONNECTIONS,
      onnotice: () => {},
      connection: { application_name: "parlando", ...(sync === "full" && { synchronous_commit: "on" }) },
    });
    try {
      await migrateAlone(url);
    } catch (error) {
      await client.end({ timeout: 1 });
      throw error;
    }
    return new PostgresDatabase(url, client);
  }

  read<T>(ask: (db: Db) => Promise<T>): Promise<T> {
    return ask(this.#db as unknown as Db);
  }

  write<T>(change: (db: Db) => Promise<T>): Promise<T> {
    return this.#db.transaction((tx) => change(tx as unknown as Db));
  }

  /** An advisory lock of the database, which it lets go of when the connection ends. */
  async claim(): Promise<boolean> {
    if (this.#claim) return true;
    const client = postgres(this.url, { max: 1, onnotice: () => {}, idle_timeout: 0, max_lifetime: null });
    const [row] = await client<{ taken: boolean }[]>`select pg_try_advisory_lock(${CLAIM_LOCK}) as taken`;
    if (row?.taken) this.#claim = client;
    else await client.end({ timeout: 1 });
    return row?.taken ?? false;
  }

  async close(): Promise<void> {
    await this.#claim?.end({ timeout: 1 });
    this.#claim = undefined;
    await this.#client.end({ timeout: 5 });
  }
}

/** On a connection of its own, so that the lock is let go with it whatever happens. */
async function migrateAlone(url: string): Promise<void> {
  const client = postgres(url, { max: 1, onnotice: () => {} });
  try {
    const db = drizzle({ client });
    await db.execute(sql`select pg_advisory_lock(${MIGRATION_LOCK})`);
    await migrate(db, { migrationsFolder: join(import.meta.dir, "migrations", "postgres") });
  } finally {
    await client.end({ timeout: 5 });
  }
}
