import { Database as Connection } from "bun:sqlite";
import { mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { drizzle } from "drizzle-orm/bun-sqlite";
import { migrate } from "drizzle-orm/bun-sqlite/migrator";
import { Checkpoints } from "./checkpoints.ts";
import type { Database, Db, Sync } from "./database.ts";
import { keepStatements } from "./rows/kept-inserts.ts";
import { sqliteTables } from "./schema/sqlite.ts";

const BUSY_MS = 5000;
/** Of SQLite itself: with so many pages in the log a commit copies them. */
const OWN_CHECKPOINT_PAGES = 1000;

/**
 * A file of SQLite in WAL mode. Two connections: one writes, one transaction at a time; the other only reads, and so sees what is committed
 * and nothing else; a third one, in a thread, copies the log into the file. drizzle's own `transaction` would commit before an asynchronous callback ends, hence BEGIN and COMMIT by hand.
 */
export class SqliteDatabase implements Database {
  readonly dialect = "sqlite";
  readonly tables = sqliteTables;
  readonly #writer: Connection;
  readonly #reader: Connection;
  /** Holds the lock of whoever has claimed the store. */
  #claim: Connection | undefined;
  readonly #writing: Db;
  readonly #reading: Db;
  /** The transaction that the next one waits for. */
  #last: Promise<unknown> = Promise.resolve();
  readonly #checkpoints: Checkpoints;

  constructor(
    private readonly file: string,
    sync: Sync,
  ) {
    mkdirSync(dirname(file), { recursive: true });
    this.#writer = new Connection(file, { create: true, strict: true });
    this.#writer.run(`PRAGMA busy_timeout = ${BUSY_MS}`);
    this.#writer.run("PRAGMA journal_mode = WAL");
    this.#writer.run(`PRAGMA synchronous = ${sync === "full" ? "FULL" : "NORMAL"}`);
    this.#writer.run("PRAGMA secure_delete = ON"); // what was deleted for privacy does not stay in the file
    const writing = drizzle({ client: this.#writer, casing: "snake_case" });
    migrate(writing, { migrationsFolder: join(import.meta.dir, "migrations", "sqlite") });
    this.#writer.run("PRAGMA wal_autocheckpoint = 0");
    this.#checkpoints = new Checkpoints(
      file,
      (work) => this.#alone(work),
      () => this.#writer.run(`PRAGMA wal_autocheckpoint = ${OWN_CHECKPOINT_PAGES}`),
    );
    this.#reader = new Connection(file, { readonly: true, strict: true });
    this.#reader.run(`PRAGMA busy_timeout = ${BUSY_MS}`);
    this.#writing = writing;
    keepStatements(writing);
    this.#reading = drizzle({ client: this.#reader, casing: "snake_case" });
  }

  /** The connection that writes, for what only SQLite knows, such as a limit on its size. */
  get connection(): Connection {
    return this.#writer;
  }

  read<T>(ask: (db: Db) => Promise<T>): Promise<T> {
    return ask(this.#reading);
  }

  write<T>(change: (db: Db) => Promise<T>): Promise<T> {
    return this.#alone(() => this.#transaction(change));
  }

  #alone<T>(work: () => Promise<T>): Promise<T> {
    const mine = this.#last.then(work);
    this.#last = mine.catch(() => {});
    return mine;
  }

  /** The lock is an open transaction on a file beside: the system lets go of it with the process, however that ends. */
  async claim(): Promise<boolean> {
    if (this.#claim) return true;
    const claim = new Connection(`${this.file}-lock`, { create: true });
    try {
      claim.run("BEGIN EXCLUSIVE");
    } catch {
      claim.close();
      return false;
    }
    this.#claim = claim;
    await this.#checkpoints.copy(); // what a process left that was killed; and no thread has to start later
    return true;
  }

  async close(): Promise<void> {
    await this.#last;
    await this.#checkpoints.close();
    this.#claim?.close();
    this.#claim = undefined;
    this.#reader.close();
    this.#writer.close();
  }

  async #transaction<T>(change: (db: Db) => Promise<T>): Promise<T> {
    this.#writer.run("BEGIN IMMEDIATE");
    try {
      const result = await change(this.#writing);
      this.#writer.run("COMMIT");
      this.#checkpoints.committed();
      return result;
    } catch (error) {
      // some failures, a full disk among them, have rolled back already
      if (this.#writer.inTransaction) this.#writer.run("ROLLBACK");
      throw error;
    }
  }
}
