import { eq, inArray, lt } from "drizzle-orm";
import type { Db } from "../database.ts";
import type { Tables } from "../schema/tables.ts";

export type UploadRow = Tables["uploads"]["$inferSelect"];

/** What was uploaded; the bytes lie in files. */
export class UploadRows {
  constructor(
    private readonly db: Db,
    private readonly t: Tables,
  ) {}

  async insert(row: UploadRow): Promise<void> {
    await this.db.insert(this.t.uploads).values(row);
  }

  async get(id: string): Promise<UploadRow | undefined> {
    const [row] = await this.db.select().from(this.t.uploads).where(eq(this.t.uploads.id, id));
    return row;
  }

  async olderThan(ms: number, limit: number): Promise<UploadRow[]> {
    const { uploads } = this.t;
    return this.db.select().from(uploads).where(lt(uploads.createdAtMs, ms)).limit(limit);
  }

  async delete(ids: readonly string[]): Promise<void> {
    if (ids.length > 0) await this.db.delete(this.t.uploads).where(inArray(this.t.uploads.id, [...ids]));
  }
}
