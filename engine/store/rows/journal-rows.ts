import { and, eq, gt, inArray, max, sql } from "drizzle-orm";
import type { Db } from "../database.ts";
import type { Tables } from "../schema/tables.ts";
import { insertAll } from "./kept-inserts.ts";
import { chunks } from "./paging.ts";

export type EventRow = Tables["events"]["$inferSelect"];
export type FinalRow = Tables["finals"]["$inferSelect"];
export type TrackRow = Tables["tracks"]["$inferSelect"];

/** What runs say, and how far their inputs are safe. */
export class JournalRows {
  constructor(
    private readonly db: Db,
    private readonly t: Tables,
  ) {}

  appendEvents(rows: readonly EventRow[]): Promise<void> {
    const { events } = this.t;
    const insert = (some: EventRow[]) => this.db.insert(events).values(some);
    return insertAll(this.db, { name: "events", table: events, insert }, rows);
  }

  async appendFinals(finals: readonly FinalRow[]): Promise<void> {
    for (const some of chunks(finals)) await this.db.insert(this.t.finals).values(some);
  }

  /** Each track once. Positions never go back, and what has ended stays so. */
  saveTracks(rows: readonly TrackRow[]): Promise<void> {
    const { tracks } = this.t;
    const { received, kept, ended } = tracks;
    const set = {
      received: sql`case when excluded.received > ${received} then excluded.received else ${received} end`,
      kept: sql`case when excluded.kept > ${kept} then excluded.kept else ${kept} end`,
      ended: sql`case when excluded.ended then excluded.ended else ${ended} end`,
    };
    const target = [tracks.runId, tracks.track];
    const insert = (some: TrackRow[]) => this.db.insert(tracks).values(some).onConflictDoUpdate({ target, set });
    return insertAll(this.db, { name: "tracks", table: tracks, insert }, rows);
  }

  async tracks(runIds: readonly string[]): Promise<TrackRow[]> {
    if (runIds.length === 0) return [];
    const { tracks } = this.t;
    return this.db
      .select()
      .from(tracks)
      .where(inArray(tracks.runId, [...runIds]))
      .orderBy(tracks.runId, tracks.track);
  }

  /** In order of id. */
  async eventsAfter(runId: string, id: number, limit: number): Promise<EventRow[]> {
    const { events } = this.t;
    return this.db
      .select()
      .from(events)
      .where(and(eq(events.runId, runId), gt(events.id, id)))
      .orderBy(events.id)
      .limit(limit);
  }

  /** The id of the last event of each run that has any. */
  async lastIds(runIds: readonly string[]): Promise<Map<string, number>> {
    if (runIds.length === 0) return new Map();
    const { events } = this.t;
    const rows = await this.db
      .select({ runId: events.runId, id: max(events.id) })
      .from(events)
      .where(inArray(events.runId, [...runIds]))
      .groupBy(events.runId);
    return new Map(rows.map((row) => [row.runId, Number(row.id ?? 0)]));
  }

  /** In the order in which they were told. */
  async finals(runId: string): Promise<FinalRow[]> {
    const { finals } = this.t;
    return this.db.select().from(finals).where(eq(finals.runId, runId)).orderBy(finals.eventId);
  }

  /** The latest end of a final, in ms, by output, node and role. */
  async finalEnds(runId: string): Promise<{ output: string; node: string; role: string; endMs: number }[]> {
    const { finals } = this.t;
    const rows = await this.db
      .select({ output: finals.output, node: finals.node, role: finals.role, endMs: max(finals.endMs) })
      .from(finals)
      .where(eq(finals.runId, runId))
      .groupBy(finals.output, finals.node, finals.role);
    return rows.map((row) => ({ ...row, endMs: Number(row.endMs ?? 0) }));
  }
}
