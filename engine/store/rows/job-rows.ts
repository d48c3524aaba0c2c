import { and, count, desc, eq, gt, inArray, lte, min } from "drizzle-orm";
import type { Db } from "../database.ts";
import type { Tables } from "../schema/tables.ts";
import { after, chunks, type Position } from "./paging.ts";

export type JobRow = Tables["jobs"]["$inferSelect"];
export type JobItemRow = Tables["jobItems"]["$inferSelect"];

/** Jobs and their items. */
export class JobRows {
  constructor(
    private readonly db: Db,
    private readonly t: Tables,
  ) {}

  async insert(job: JobRow, items: readonly JobItemRow[]): Promise<void> {
    await this.db.insert(this.t.jobs).values(job);
    for (const some of chunks(items)) await this.db.insert(this.t.jobItems).values(some);
  }

  async get(id: string): Promise<JobRow | undefined> {
    const [row] = await this.db.select().from(this.t.jobs).where(eq(this.t.jobs.id, id));
    return row;
  }

  /** The latest first. */
  async list(project: string, query: { state?: string; after?: Position; limit: number }): Promise<JobRow[]> {
    const { jobs } = this.t;
    return this.db
      .select()
      .from(jobs)
      .where(
        and(
          eq(jobs.project, project),
          query.state === undefined ? undefined : eq(jobs.state, query.state),
          after(query.after, jobs.createdAtMs, jobs.id),
        ),
      )
      .orderBy(desc(jobs.createdAtMs), desc(jobs.id))
      .limit(query.limit);
  }

  /** Of all projects, the oldest first. */
  async inStates(states: readonly string[]): Promise<JobRow[]> {
    const { jobs } = this.t;
    return this.db
      .select()
      .from(jobs)
      .where(inArray(jobs.state, [...states]))
      .orderBy(jobs.createdAtMs, jobs.id);
  }

  async update(id: string, change: Partial<Omit<JobRow, "id">>): Promise<void> {
    await this.db.update(this.t.jobs).set(change).where(eq(this.t.jobs.id, id));
  }

  /** In order of position. */
  async items(jobId: string, afterPosition: number, limit: number): Promise<JobItemRow[]> {
    const { jobItems } = this.t;
    return this.db
      .select()
      .from(jobItems)
      .where(and(eq(jobItems.jobId, jobId), gt(jobItems.position, afterPosition)))
      .orderBy(jobItems.position)
      .limit(limit);
  }

  async itemsInState(jobId: string, state: string): Promise<JobItemRow[]> {
    const { jobItems } = this.t;
    return this.db
      .select()
      .from(jobItems)
      .where(and(eq(jobItems.jobId, jobId), eq(jobItems.state, state)))
      .orderBy(jobItems.position);
  }

  /** Queued items whose time has come. */
  async due(jobId: string, nowMs: number, limit: number): Promise<JobItemRow[]> {
    const { jobItems } = this.t;
    return this.db
      .select()
      .from(jobItems)
      .where(and(eq(jobItems.jobId, jobId), eq(jobItems.state, "queued"), lte(jobItems.notBeforeMs, nowMs)))
      .orderBy(jobItems.position)
      .limit(limit);
  }

  /** When the next queued item may begin. */
  async nextDueMs(jobId: string): Promise<number | undefined> {
    const { jobItems } = this.t;
    const [row] = await this.db
      .select({ ms: min(jobItems.notBeforeMs) })
      .from(jobItems)
      .where(and(eq(jobItems.jobId, jobId), eq(jobItems.state, "queued")));
    return row?.ms === null || row?.ms === undefined ? undefined : Number(row.ms);
  }

  async updateItem(jobId: string, position: number, change: Partial<JobItemRow>): Promise<void> {
    const { jobItems } = this.t;
    await this.db
      .update(jobItems)
      .set(change)
      .where(and(eq(jobItems.jobId, jobId), eq(jobItems.position, position)));
  }

  /** All items of a job that are in one of these states. */
  async moveItems(jobId: string, from: readonly string[], state: string): Promise<void> {
    const { jobItems } = this.t;
    await this.db
      .update(jobItems)
      .set({ state })
      .where(and(eq(jobItems.jobId, jobId), inArray(jobItems.state, [...from])));
  }

  /** How many items of each job are in each state. */
  async counts(jobIds: readonly string[]): Promise<Map<string, Record<string, number>>> {
    const { jobItems } = this.t;
    const counts = new Map<string, Record<string, number>>(jobIds.map((id) => [id, {}]));
    if (jobIds.length === 0) return counts;
    const rows = await this.db
      .select({ jobId: jobItems.jobId, state: jobItems.state, items: count() })
      .from(jobItems)
      .where(inArray(jobItems.jobId, [...jobIds]))
      .groupBy(jobItems.jobId, jobItems.state);
    for (const { jobId, state, items } of rows) counts.get(jobId)![state] = items;
    return counts;
  }
}
