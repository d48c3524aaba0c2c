import { and, eq, gte, inArray, isNotNull, lt, sum } from "drizzle-orm";
import type { Db } from "../database.ts";
import type { Tables } from "../schema/tables.ts";
import { chunks } from "./paging.ts";

export type UsageRow = Tables["usage"]["$inferSelect"];

export interface UsageQuery {
  readonly project: string;
  readonly runId?: string;
  readonly keyId?: string;
  readonly fromMs?: number;
  readonly toMs?: number;
}

/** What runs have used, a row each. It stays when the run is deleted, without its labels: quotas go by it. */
export class UsageRows {
  constructor(
    private readonly db: Db,
    private readonly t: Tables,
  ) {}

  async save(row: UsageRow): Promise<void> {
    const { runId: _run, ...facts } = row;
    await this.db.insert(this.t.usage).values(row).onConflictDoUpdate({ target: this.t.usage.runId, set: facts });
  }

  async get(runId: string): Promise<UsageRow | undefined> {
    const [row] = await this.db.select().from(this.t.usage).where(eq(this.t.usage.runId, runId));
    return row;
  }

  async list(query: UsageQuery): Promise<UsageRow[]> {
    const { usage } = this.t;
    return this.db
      .select()
      .from(usage)
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
  }

  async audioSeconds(project: string, fromMs: number): Promise<number> {
    const { usage } = this.t;
    const [row] = await this.db
      .select({ seconds: sum(usage.audioSeconds) })
      .from(usage)
      .where(and(eq(usage.project, project), gte(usage.atMs, fromMs)));
    return Number(row?.seconds ?? 0);
  }

  /** Of the finals of these runs, in ms. */
  async latencies(runIds: readonly string[]): Promise<Map<string, number[]>> {
    const { finals } = this.t;
    const found = new Map<string, number[]>();
    for (const some of chunks(runIds)) {
      const rows = await this.db
        .select({ runId: finals.runId, latencyMs: finals.latencyMs })
        .from(finals)
        .where(and(inArray(finals.runId, some), isNotNull(finals.latencyMs)));
      for (const { runId, latencyMs } of rows) {
        const list = found.get(runId) ?? [];
        list.push(latencyMs ?? 0);
        found.set(runId, list);
      }
    }
    return found;
  }
}
