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
  /** @param place where it is, for messages; no password. */
  constructor(
    private readonly database: Database,
    private readonly place: string,
  ) {}

  /**
   * Opens and migrates in place.
   * @throws EngineError STORE_FAILED, STORE_FULL, CONFIG_INVALID for an address of no PostgreSQL.
   */
  static async open({ url, folder, sync }: StoreOptions): Promise<Store> {
    const file = join(folder, "parlando.sqlite");
    const place = url === undefined ? file : placeOf(url);
    try {
      return new Store(
        url === undefined ? new SqliteDatabase(file, sync) : await PostgresDatabase.open(url, sync),
        place,
      );
    } catch (error) {
      throw storeFailure(error, place);
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
      if (attempt === CLAIM_ATTEMPTS)
        throw new EngineError("STORE_TAKEN", `store: another process works on ${this.place}`);
      await Bun.sleep(CLAIM_PAUSE_MS);
    }
  }

  close(): Promise<void> {
    return this.database.close();
  }
}

/** Host, port and database. @throws EngineError CONFIG_INVALID; what was found may hold a password, and is not told. */
function placeOf(url: string): string {
  if (!/^postgres(ql)?:\/\//.test(url))
    throw new EngineError(
      "CONFIG_INVALID",
      "store.url or DATABASE_URL: postgres://USER:PASSWORD@HOST:PORT/DATABASE was wanted",
    );
  if (!URL.canParse(url)) return "PostgreSQL"; // several hosts, which the driver takes apart by itself
  const { host, pathname } = new URL(url);
  return `PostgreSQL at ${host}${pathname}`;
}
