import { and, count, desc, eq, exists, gte, inArray, isNotNull, lt, lte, ne, type SQL } from "drizzle-orm";
import type { Db } from "../database.ts";
import type { Labels } from "../schema/run-tables.ts";
import type { Tables } from "../schema/tables.ts";
import { after, chunks, type Position } from "./paging.ts";

export type RunRow = Tables["runs"]["$inferSelect"];
export type ArtifactRow = Tables["artifacts"]["$inferSelect"];

export interface RunQuery {
  readonly project: string;
  readonly state?: string;
  readonly workflow?: string;
  readonly labels?: Labels;
  readonly fromMs?: number;
  readonly toMs?: number;
  readonly after?: Position;
  readonly limit: number;
}

/** Runs, their labels and their files. */
export class RunRows {
  constructor(
    private readonly db: Db,
    private readonly t: Tables,
  ) {}

  async insert(run: RunRow): Promise<void> {
    await this.db.insert(this.t.runs).values(run);
    const labels = Object.entries(run.labels).map(([name, value]) => ({ runId: run.id, name, value }));
    if (labels.length > 0) await this.db.insert(this.t.runLabels).values(labels);
  }

  /** Whatever its project. */
  async get(id: string): Promise<RunRow | undefined> {
    const [row] = await this.db.select().from(this.t.runs).where(eq(this.t.runs.id, id));
    return row;
  }

  /** The latest first. */
  async list(query: RunQuery): Promise<RunRow[]> {
    const { runs } = this.t;
    return this.db
      .select()
      .from(runs)
      .where(and(this.#matching(query), after(query.after, runs.createdAtMs, runs.id)))
      .orderBy(desc(runs.createdAtMs), desc(runs.id))
      .limit(query.limit);
  }

  async update(id: string, change: Partial<Omit<RunRow, "id">>): Promise<void> {
    await this.db.update(this.t.runs).set(change).where(eq(this.t.runs.id, id));
  }

  /** Changes a run that is in one of these states. False: it is not, and nothing has changed. */
  async updateFrom(states: readonly string[], id: string, change: Partial<Omit<RunRow, "id">>): Promise<boolean> {
    const { runs } = this.t;
    const changed = await this.db
      .update(runs)
      .set(change)
      .where(and(eq(runs.id, id), inArray(runs.state, [...states])))
      .returning({ id: runs.id });
    return changed.length > 0;
  }

  /** Of all projects. */
  async inStates(states: readonly string[]): Promise<RunRow[]> {
    const { runs } = this.t;
    return this.db
      .select()
      .from(runs)
      .where(inArray(runs.state, [...states]))
      .orderBy(runs.createdAtMs, runs.id);
  }

  async countInStates(project: string, states: readonly string[]): Promise<number> {
    const { runs } = this.t;
    const [row] = await this.db
      .select({ runs: count() })
      .from(runs)
      .where(and(eq(runs.project, project), inArray(runs.state, [...states])));
    return row?.runs ?? 0;
  }

  /** Ids of runs that carry all of these labels. */
  async withLabels(project: string, labels: Labels, limit: number): Promise<string[]> {
    const { runs } = this.t;
    const rows = await this.db
      .select({ id: runs.id })
      .from(runs)
      .where(this.#matching({ project, labels, limit }))
      .limit(limit);
    return rows.map((row) => row.id);
  }

  /** Ids of runs that ended before a time. */
  async endedBefore(ms: number, limit: number): Promise<string[]> {
    const { runs } = this.t;
    const rows = await this.db
      .select({ id: runs.id })
      .from(runs)
      .where(and(isNotNull(runs.endedAtMs), lt(runs.endedAtMs, ms)))
      .limit(limit);
    return rows.map((row) => row.id);
  }

  /** Ids of runs that were recorded and ended before a time. */
  async recordedBefore(ms: number, limit: number): Promise<string[]> {
    const { runs } = this.t;
    const rows = await this.db
      .select({ id: runs.id })
      .from(runs)
      .where(and(eq(runs.record, true), isNotNull(runs.endedAtMs), lt(runs.endedAtMs, ms)))
      .limit(limit);
    return rows.map((row) => row.id);
  }

  /** Of a run whose recording is there no more. */
  async unrecorded(id: string): Promise<void> {
    await this.db.update(this.t.runs).set({ record: false }).where(eq(this.t.runs.id, id));
  }

  /** With everything that belongs to them but what they used; their files are the caller's to remove. */
  async delete(ids: readonly string[]): Promise<void> {
    const {
      runs,
      runLabels,
      events,
      finals,
      tracks,
      artifacts,
      usage,
      nodeState,
      callbacks,
      callbackCalls,
      deliveries,
    } = this.t;
    for (const some of chunks(ids)) {
      for (const table of [
        runLabels,
        events,
        finals,
        tracks,
        artifacts,
        nodeState,
        callbacks,
        callbackCalls,
        deliveries,
      ])
        await this.db.delete(table).where(inArray(table.runId, some));
      await this.db.update(usage).set({ labels: {} }).where(inArray(usage.runId, some));
      await this.db.delete(runs).where(inArray(runs.id, some));
    }
  }

  /** Runs that ended before a time, of which nothing was to be kept and something still is. */
  async toForget(endedBeforeMs: number, limit: number): Promise<string[]> {
    const { runs } = this.t;
    const rows = await this.db
      .select({ id: runs.id })
      .from(runs)
      .where(
        and(
          eq(runs.keep, "none"),
          ne(runs.workflowText, ""),
          isNotNull(runs.endedAtMs),
          lte(runs.endedAtMs, endedBeforeMs),
        ),
      )
      .limit(limit);
    return rows.map((row) => row.id);
  }

  /** Takes away what was said and what was asked for, and leaves that there was a run. */
  async forget(id: string): Promise<void> {
    const { runs, events, finals, deliveries, nodeState, callbackCalls } = this.t;
    await this.db.delete(finals).where(eq(finals.runId, id));
    await this.db.delete(nodeState).where(eq(nodeState.runId, id));
    await this.db.delete(callbackCalls).where(eq(callbackCalls.runId, id));
    await this.db.delete(events).where(and(eq(events.runId, id), inArray(events.type, ["text.final", "data"])));
    await this.db.delete(deliveries).where(and(eq(deliveries.runId, id), eq(deliveries.event, "run.final")));
    const [row] = await this.db.select({ request: runs.request }).from(runs).where(eq(runs.id, id));
    const request = { inputs: {}, params: {}, outputs: row?.request.outputs ?? [] };
    await this.db.update(runs).set({ request, workflowText: "" }).where(eq(runs.id, id));
  }

  async deleteArtifacts(runId: string): Promise<void> {
    await this.db.delete(this.t.artifacts).where(eq(this.t.artifacts.runId, runId));
  }

  async saveArtifacts(artifacts: readonly ArtifactRow[]): Promise<void> {
    for (const artifact of artifacts) {
      const { runId: _run, name: _name, ...facts } = artifact;
      await this.db
        .insert(this.t.artifacts)
        .values(artifact)
        .onConflictDoUpdate({ target: [this.t.artifacts.runId, this.t.artifacts.name], set: facts });
    }
  }

  async artifacts(runId: string): Promise<ArtifactRow[]> {
    const { artifacts } = this.t;
    return this.db.select().from(artifacts).where(eq(artifacts.runId, runId)).orderBy(artifacts.name);
  }

  #matching({ project, state, workflow, labels, fromMs, toMs }: RunQuery): SQL | undefined {
    const { runs, runLabels } = this.t;
    const carries = Object.entries(labels ?? {}).map(([name, value]) =>
      exists(
        this.db
          .select({ runId: runLabels.runId })
          .from(runLabels)
          .where(and(eq(runLabels.runId, runs.id), eq(runLabels.name, name), eq(runLabels.value, value))),
      ),
    );
    return and(
      eq(runs.project, project),
      state === undefined ? undefined : eq(runs.state, state),
      workflow === undefined ? undefined : eq(runs.workflow, workflow),
      fromMs === undefined ? undefined : gte(runs.createdAtMs, fromMs),
      toMs === undefined ? undefined : lt(runs.createdAtMs, toMs),
      ...carries,
    );
  }
}
