import { and, eq } from "drizzle-orm";
import type { Db } from "../database.ts";
import type { Tables } from "../schema/tables.ts";

export type CallbackRow = Tables["callbacks"]["$inferSelect"];

/** What nodes remember across processes: their state, and addresses where an answer may come. */
export class CallbackRows {
  constructor(
    private readonly db: Db,
    private readonly t: Tables,
  ) {}

  async insert(row: CallbackRow): Promise<void> {
    await this.db.insert(this.t.callbacks).values(row);
  }

  async get(tokenHash: string): Promise<CallbackRow | undefined> {
    const [row] = await this.db.select().from(this.t.callbacks).where(eq(this.t.callbacks.tokenHash, tokenHash));
    return row;
  }

  async ofNode(runId: string, node: string): Promise<CallbackRow[]> {
    const { callbacks } = this.t;
    return this.db
      .select()
      .from(callbacks)
      .where(and(eq(callbacks.runId, runId), eq(callbacks.node, node)));
  }

  async received(tokenHash: string, request: unknown, atMs: number): Promise<void> {
    const { callbacks } = this.t;
    await this.db.update(callbacks).set({ request, receivedAtMs: atMs }).where(eq(callbacks.tokenHash, tokenHash));
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
