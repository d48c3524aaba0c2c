import { and, count, desc, eq, exists, lte, min } from "drizzle-orm";
import type { Db } from "../database.ts";
import type { Tables } from "../schema/tables.ts";
import { after, chunks, type Position } from "./paging.ts";

export type WebhookRow = Tables["webhooks"]["$inferSelect"];
export type DeliveryRow = Tables["deliveries"]["$inferSelect"];

export interface DeliveryQuery {
  readonly project: string;
  readonly webhookId?: string;
  readonly runId?: string;
  readonly state?: string;
  readonly after?: Position;
  readonly limit: number;
}

/** Subscriptions, and what is to be delivered: an outbox that is filled in the transaction that it tells of. */
export class WebhookRows {
  constructor(
    private readonly db: Db,
    private readonly t: Tables,
  ) {}

  async insert(row: WebhookRow): Promise<void> {
    await this.db.insert(this.t.webhooks).values(row);
  }

  async get(id: string): Promise<WebhookRow | undefined> {
    const [row] = await this.db.select().from(this.t.webhooks).where(eq(this.t.webhooks.id, id));
    return row;
  }

  /** Of a project, or of all. */
  async list(project?: string): Promise<WebhookRow[]> {
    const { webhooks } = this.t;
    return this.db
      .select()
      .from(webhooks)
      .where(project === undefined ? undefined : eq(webhooks.project, project))
      .orderBy(webhooks.createdAtMs, webhooks.id);
  }

  async update(id: string, change: Partial<Omit<WebhookRow, "id">>): Promise<void> {
    await this.db.update(this.t.webhooks).set(change).where(eq(this.t.webhooks.id, id));
  }

  /** With its deliveries. */
  async delete(id: string): Promise<void> {
    await this.db.delete(this.t.deliveries).where(eq(this.t.deliveries.webhookId, id));
    await this.db.delete(this.t.webhooks).where(eq(this.t.webhooks.id, id));
  }

  async queue(deliveries: readonly DeliveryRow[]): Promise<void> {
    for (const some of chunks(deliveries)) await this.db.insert(this.t.deliveries).values(some);
  }

  /** Waiting ones whose time has come, the earliest first. */
  async due(nowMs: number, limit: number): Promise<DeliveryRow[]> {
    const { deliveries } = this.t;
    return this.db
      .select()
      .from(deliveries)
      .where(and(eq(deliveries.state, "waiting"), lte(deliveries.nextAtMs, nowMs)))
      .orderBy(deliveries.nextAtMs, deliveries.id)
      .limit(limit);
  }

  async nextDueMs(): Promise<number | undefined> {
    const { deliveries } = this.t;
    const [row] = await this.db
      .select({ ms: min(deliveries.nextAtMs) })
      .from(deliveries)
      .where(eq(deliveries.state, "waiting"));
    return row?.ms === null || row?.ms === undefined ? undefined : Number(row.ms);
  }

  async delivery(id: string): Promise<DeliveryRow | undefined> {
    const [row] = await this.db.select().from(this.t.deliveries).where(eq(this.t.deliveries.id, id));
    return row;
  }

  async updateDelivery(id: string, change: Partial<Omit<DeliveryRow, "id">>): Promise<void> {
    await this.db.update(this.t.deliveries).set(change).where(eq(this.t.deliveries.id, id));
  }

  /** The latest first. */
  async deliveries(query: DeliveryQuery): Promise<DeliveryRow[]> {
    const { deliveries } = this.t;
    return this.db
      .select()
      .from(deliveries)
      .where(
        and(
          eq(deliveries.project, query.project),
          query.webhookId === undefined ? undefined : eq(deliveries.webhookId, query.webhookId),
          query.runId === undefined ? undefined : eq(deliveries.runId, query.runId),
          query.state === undefined ? undefined : eq(deliveries.state, query.state),
          after(query.after, deliveries.createdAtMs, deliveries.id),
        ),
      )
      .orderBy(desc(deliveries.createdAtMs), desc(deliveries.id))
      .limit(query.limit);
  }

  async countsByState(): Promise<Record<string, number>> {
    const { deliveries } = this.t;
    const rows = await this.db
      .select({ state: deliveries.state, deliveries: count() })
      .from(deliveries)
      .groupBy(deliveries.state);
    return Object.fromEntries(rows.map((row) => [row.state, row.deliveries]));
  }

  /** What came through of runs of which nothing was to be kept, and nothing else is: it may hold what was said. */
  async deleteDeliveredOfForgotten(): Promise<void> {
    const { deliveries, runs } = this.t;
    const forgotten = this.db
      .select({ id: runs.id })
      .from(runs)
      .where(and(eq(runs.id, deliveries.runId), eq(runs.keep, "none"), eq(runs.workflowText, "")));
    await this.db.delete(deliveries).where(and(eq(deliveries.state, "delivered"), exists(forgotten)));
  }

  /** Those that need nothing more. */
  async deleteDeliveredBefore(ms: number): Promise<void> {
    const { deliveries } = this.t;
    await this.db.delete(deliveries).where(and(eq(deliveries.state, "delivered"), lte(deliveries.createdAtMs, ms)));
  }
}
