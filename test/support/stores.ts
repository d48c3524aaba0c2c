import { afterAll, beforeAll } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Store, type StoreOptions } from "#engine/store";
import { postgresMissing, startPostgres, type TestPostgres } from "./postgres.ts";

/** A new cluster takes seconds, more on a busy machine. */
const HOOK_MS = 60_000;

/** A kind of database that a test runs on, by name; `skip` says why it cannot here. */
export interface StoreKind {
  readonly name: "SQLite" | "PostgreSQL";
  readonly skip?: string;
  /** Of an empty store of its own. */
  options(): Promise<StoreOptions>;
}

/**
 * Both kinds, for `describe.each`. Called at the top of a test file: the server of PostgreSQL is started before its tests and ended after
 * them.
 */
export function storeKinds(): StoreKind[] {
  const folders: string[] = [];
  const folder = () => {
    const made = mkdtempSync(join(tmpdir(), "parlando-store-"));
    folders.push(made);
    return made;
  };
  const skip = postgresMissing();
  let server: TestPostgres | undefined;
  beforeAll(async () => {
    if (!skip) server = await startPostgres();
  }, HOOK_MS);
  afterAll(async () => {
    await server?.stop();
    for (const made of folders) rmSync(made, { recursive: true, force: true });
  }, HOOK_MS);
  return [
    { name: "SQLite", options: async () => ({ folder: folder(), sync: "normal" }) },
    {
      name: "PostgreSQL",
      ...(skip && { skip }),
      options: async () => ({ folder: folder(), sync: "normal", url: await server!.newDatabase() }),
    },
  ];
}

/** Opens an empty store, and closes it when the test's scope ends. */
export async function openStore(kind: StoreKind): Promise<{ store: Store; options: StoreOptions } & AsyncDisposable> {
  const options = await kind.options();
  const store = await Store.open(options);
  return { store, options, [Symbol.asyncDispose]: () => store.close() };
}
