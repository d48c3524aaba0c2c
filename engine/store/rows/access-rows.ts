import { and, count, eq, isNull, lt, ne } from "drizzle-orm";
import type { Db } from "../database.ts";
import type { Tables } from "../schema/tables.ts";

export type KeyRow = Tables["keys"]["$inferSelect"];
export type IdempotencyRow = Tables["idempotency"]["$inferSelect"];

/** The kind of request by which a file of a watched folder belongs to a job. */
export const FILE_CLAIM = "file";

/** Keys, projects, facts of the installation, and requests that were answered before. */
export class AccessRows {
  constructor(
    private readonly db: Db,
    private readonly t: Tables,
  ) {}

  /** Makes its project too, where there is none. */
  async insertKey(row: KeyRow): Promise<void> {
    await this.addProject(row.project, row.createdAtMs);
    await this.db.insert(this.t.keys).values(row);
  }

  async key(id: string): Promise<KeyRow | undefined> {
    const [row] = await this.db.select().from(this.t.keys).where(eq(this.t.keys.id, id));
    return row;
  }

  async keys(project?: string): Promise<KeyRow[]> {
    const { keys } = this.t;
    return this.db
      .select()
      .from(keys)
      .where(project === undefined ? undefined : eq(keys.project, project))
      .orderBy(keys.createdAtMs, keys.id);
  }

  async countUsableKeys(): Promise<number> {
    const [row] = await this.db.select({ keys: count() }).from(this.t.keys).where(isNull(this.t.keys.revokedAtMs));
    return row?.keys ?? 0;
  }

  async updateKey(id: string, change: Partial<Omit<KeyRow, "id">>): Promise<void> {
    await this.db.update(this.t.keys).set(change).where(eq(this.t.keys.id, id));
  }

  async addProject(id: string, createdAtMs: number): Promise<void> {
    await this.db.insert(this.t.projects).values({ id, createdAtMs }).onConflictDoNothing();
  }

  async projects(): Promise<string[]> {
    const rows = await this.db.select().from(this.t.projects).orderBy(this.t.projects.id);
    return rows.map((row) => row.id);
  }

  /** The value that is stored under a name; the given one if there was none before. */
  async fact(name: string, otherwise: string): Promise<string> {
    await this.db.insert(this.t.facts).values({ name, value: otherwise }).onConflictDoNothing();
    const [row] = await this.db.select().from(this.t.facts).where(eq(this.t.facts.name, name));
    return row?.value ?? otherwise;
  }

  async request(project: string, kind: string, key: string): Promise<IdempotencyRow | undefined> {
    const { idempotency } = this.t;
    const [row] = await this.db
      .select()
      .from(idempotency)
      .where(and(eq(idempotency.project, project), eq(idempotency.kind, kind), eq(idempotency.key, key)));
    return row;
  }

  /** False: there is one with that key already, and it stays. */
  async addRequest(row: IdempotencyRow): Promise<boolean> {
    const { idempotency } = this.t;
    const added = await this.db
      .insert(idempotency)
      .values(row)
      .onConflictDoNothing()
      .returning({ key: idempotency.key });
    return added.length > 0;
  }

  /** Not claims to files: those are forgotten when the file has gone. */
  async forgetRequestsBefore(ms: number): Promise<void> {
    const { idempotency } = this.t;
    await this.db.delete(idempotency).where(and(lt(idempotency.createdAtMs, ms), ne(idempotency.kind, FILE_CLAIM)));
  }

  async forgetRequest(project: string, kind: string, key: string): Promise<void> {
    const { idempotency } = this.t;
    await this.db
      .delete(idempotency)
      .where(and(eq(idempotency.project, project), eq(idempotency.kind, kind), eq(idempotency.key, key)));
  }
}
