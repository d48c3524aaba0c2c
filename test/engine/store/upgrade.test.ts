import { Database as Connection } from "bun:sqlite";
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { cpSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { drizzle as onSqlite } from "drizzle-orm/bun-sqlite";
import { migrate as migrateSqlite } from "drizzle-orm/bun-sqlite/migrator";
import { drizzle as onPostgres } from "drizzle-orm/postgres-js";
import { migrate as migratePostgres } from "drizzle-orm/postgres-js/migrator";
import postgres from "postgres";
import { Store, type StoreOptions } from "#engine/store";
import { storeKinds } from "#test/stores";

setDefaultTimeout(60_000); // a new database on a busy machine

const MIGRATIONS = new URL("../../../engine/store/migrations/", import.meta.url).pathname;

/** A folder that ends with the first of the migrations: the schema of the first release. */
async function firstOnly(dialect: "sqlite" | "postgres"): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "parlando-first-schema-"));
  cpSync(join(MIGRATIONS, dialect), folder, { recursive: true });
  const journal = join(folder, "meta", "_journal.json");
  const { entries, ...rest } = await Bun.file(journal).json();
  await Bun.write(journal, JSON.stringify({ ...rest, entries: entries.slice(0, 1) }));
  return folder;
}

/** A delivery as the first release stored it. */
const OLD = `insert into deliveries
  (id, project, webhook_id, run_id, event, body, state, attempts, created_at_ms, next_at_ms)
  values ('d1', 'default', 'w1', 'r1', 'run.final', '{"text":"kept"}', 'dead', 15, 1, 2)`;

async function asFirstReleased({ url, folder }: StoreOptions): Promise<void> {
  if (url === undefined) {
    const connection = new Connection(join(folder, "parlando.sqlite"), { create: true });
    migrateSqlite(onSqlite({ client: connection }), { migrationsFolder: await firstOnly("sqlite") });
    connection.run(OLD);
    connection.close();
  } else {
    const client = postgres(url, { max: 1, onnotice: () => {} });
    await migratePostgres(onPostgres({ client }), { migrationsFolder: await firstOnly("postgres") });
    await client.unsafe(OLD);
    await client.end();
  }
}

describe.each(storeKinds())("$name", (kind) => {
  test.skipIf(kind.skip !== undefined)(
    "a store of the first release is brought up to date where it is, with all that it holds",
    async () => {
      const options = await kind.options();
      await asFirstReleased(options);
      const store = await Store.open(options);
      expect(await store.read((from) => from.webhooks.delivery("d1"))).toMatchObject({
        body: '{"text":"kept"}',
        state: "dead",
        attempts: 15,
        url: null,
        signature: null,
      });
      await store.close();
    },
  );
});
