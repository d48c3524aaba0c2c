import { and, eq } from "drizzle-orm";
import type { Db } from "../database.ts";
import type { Tables } from "../schema/tables.ts";

export type CallbackRow = Tables["callbacks"]["$inferSelect"];
export type CallRow = Tables["callbackCalls"]["$inferSelect"];

/** What nodes remember across processes: their state, and addresses where an answer may come. */
export class CallbackRows {
  constructor(
    private readonly db: Db,
    private readonly t: Tables,
  ) {}

  /** The same address again changes nothing. */
  async insert(row: CallbackRow): Promise<void> {
    await this.db.insert(this.t.callbacks).values(row).onConflictDoNothing();
  }

  async get(tokenHash: string): Promise<CallbackRow | undefined> {
    const [row] = await this.db.select().from(this.t.callbacks).where(eq(this.t.callbacks.tokenHash, tokenHash));
    return row;
  }

  async called(row: CallRow): Promise<void> {
    await this.db.insert(this.t.callbackCalls).values(row);
  }

  /** The first call that was not taken yet; it is taken with this. */
  async take(tokenHash: string): Promise<CallRow | undefined> {
    const { callbackCalls } = this.t;
    const [row] = await this.db
      .select()
      .from(callbackCalls)
      .where(and(eq(callbackCalls.tokenHash, tokenHash), eq(callbackCalls.taken, false)))
      .orderBy(callbackCalls.receivedAtMs, callbackCalls.id)
      .limit(1);
    if (row) await this.db.update(callbackCalls).set({ taken: true }).where(eq(callbackCalls.id, row.id));
    return row;
  }

  /** All calls of a run are to be taken again: who took them is gone. */
  async giveBack(runId: string): Promise<void> {
    await this.db.update(this.t.callbackCalls).set({ taken: false }).where(eq(this.t.callbackCalls.runId, runId));
  }

  async state(runId: string, node: string): Promise<Map<string, unknown>> {
    const { nodeState } = this.t;
    const rows = await this.db
      .select()
      .from(nodeState)
      .where(and(eq(nodeState.runId, runId), eq(nodeState.node, node)));
    return new Map(rows.map((row) => [row.name, row.value]));
  }

  async saveState(runId: string, node: string, name: string, value: unknown): Promise<void> {
    const { nodeState } = this.t;
    await this.db
      .insert(nodeState)
      .values({ runId, node, name, value })
      .onConflictDoUpdate({ target: [nodeState.runId, nodeState.node, nodeState.name], set: { value } });
  }

  async dropState(runId: string, node: string, name: string): Promise<void> {
    const { nodeState } = this.t;
    await this.db
      .delete(nodeState)
      .where(and(eq(nodeState.runId, runId), eq(nodeState.node, node), eq(nodeState.name, name)));
  }
}
