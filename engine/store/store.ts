import { join } from "node:path";
import { EngineError } from "#engine/errors";
import type { Database, Sync } from "./database.ts";
import { storeFailure } from "./failure.ts";
import { PostgresDatabase } from "./postgres.ts";
import { Rows } from "./rows.ts";
import { SqliteDatabase } from "./sqlite.ts";

const CLAIM_ATTEMPTS = 25;
const CLAIM_PAUSE_MS = 100;

export interface StoreOptions {
  /** `postgres://…`; a file of SQLite in `folder` where left out. */
  readonly url?: string;
  /** Absolute. */
  readonly folder: string;
  readonly sync: Sync;
}

/** The store: repositories on one database, read as committed and written in transactions. */
export class Store {
  constructor(private readonly database: Database) {}

  /**
   * Opens and migrates in place.
   * @throws EngineError STORE_FAILED, STORE_FULL.
   */
  static async open({ url, folder, sync }: StoreOptions): Promise<Store> {
    try {
      return new Store(
        url === undefined
          ? new SqliteDatabase(join(folder, "parlando.sqlite"), sync)
          : await PostgresDatabase.open(url, sync),
      );
    } catch (error) {
      throw storeFailure(error);
    }
  }

  get dialect(): "sqlite" | "postgres" {
    return this.database.dialect;
  }

  /**
   * Reads what is committed.
   * @throws EngineError STORE_FAILED.
   */
  async read<T>(ask: (from: Rows) => Promise<T>): Promise<T> {
    try {
      return await this.database.read((db) => ask(new Rows(db, this.database.tables)));
    } catch (error) {
      throw storeFailure(error);
    }
  }

  /**
   * One transaction: all of it is committed when this resolves, none of it when it rejects. It awaits nothing but the repositories.
   * @throws EngineError STORE_FULL, STORE_FAILED; a coded error of the callback's own as it is.
   */
  async write<T>(change: (to: Rows) => Promise<T>): Promise<T> {
    try {
      return await this.database.write((db) => change(new Rows(db, this.database.tables)));
    } catch (error) {
      throw storeFailure(error);
    }
  }

  /**
   * Takes the store for this process, until it is closed: two that take up the same interrupted runs would do everything twice. The lock of a
   * process that has just died may take a moment to be gone.
   * @throws EngineError STORE_TAKEN, STORE_FAILED.
   */
  async claim(): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      const taken = await this.database.claim().catch((error) => {
        throw storeFailure(error);
      });
      if (taken) return;
      if (attempt === CLAIM_ATTEMPTS) throw new EngineError("STORE_TAKEN", "another process works on this store");
      await Bun.sleep(CLAIM_PAUSE_MS);
    }
  }

  close(): Promise<void> {
    return this.database.close();
  }
}
