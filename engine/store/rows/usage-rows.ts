import { and, eq, gte, inArray, lt, sum } from "drizzle-orm";
import type { Db } from "../database.ts";
import type { Labels } from "../schema/run-tables.ts";
import type { Tables } from "../schema/tables.ts";

export type UsageRow = Tables["usage"]["$inferSelect"];

export interface UsageQuery {
  readonly project: string;
  readonly runId?: string;
  readonly keyId?: string;
  readonly fromMs?: number;
  readonly toMs?: number;
}

/** What runs have used, a row each; it outlives neither the run's deletion nor its retention. */
export class UsageRows {
  constructor(
    private readonly db: Db,
    private readonly t: Tables,
  ) {}

  async save(row: UsageRow): Promise<void> {
    const { runId: _run, ...facts } = row;
    await this.db.insert(this.t.usage).values(row).onConflictDoUpdate({ target: this.t.usage.runId, set: facts });
  }

  /** With the labels of each run. */
  async list(query: UsageQuery): Promise<(UsageRow & { labels: Labels })[]> {
    const { usage, runs } = this.t;
    const rows = await this.db
      .select({ usage, labels: runs.labels })
      .from(usage)
      .innerJoin(runs, eq(runs.id, usage.runId))
      .where(
        and(
          eq(usage.project, query.project),
          query.runId === undefined ? undefined : eq(usage.runId, query.runId),
          query.keyId === undefined ? undefined : eq(usage.keyId, query.keyId),
          query.fromMs === undefined ? undefined : gte(usage.atMs, query.fromMs),
          query.toMs === undefined ? undefined : lt(usage.atMs, query.toMs),
        ),
      )
      .orderBy(usage.atMs, usage.runId);
    return rows.map((row) => ({ ...row.usage, labels: row.labels }));
  }

  async audioSeconds(project: string, fromMs: number): Promise<number> {
    const { usage } = this.t;
    const [row] = await this.db
      .select({ seconds: sum(usage.audioSeconds) })
      .from(usage)
      .where(and(eq(usage.project, project), gte(usage.atMs, fromMs)));
    return Number(row?.seconds ?? 0);
  }

  /** Of these runs, in ms. */
  async latencies(runIds: readonly string[]): Promise<number[]> {
    const { finals } = this.t;
    if (runIds.length === 0) return [];
    const rows = await this.db
      .select({ latencyMs: finals.latencyMs })
      .from(finals)
      .where(inArray(finals.runId, [...runIds]));
    return rows.flatMap((row) => (row.latencyMs === null ? [] : [row.latencyMs]));
  }
}
