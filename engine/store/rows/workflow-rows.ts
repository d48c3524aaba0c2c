import { and, desc, eq, gt, max } from "drizzle-orm";
import type { Db } from "../database.ts";
import type { Tables } from "../schema/tables.ts";

export type WorkflowRow = Tables["workflows"]["$inferSelect"];

/** Stored workflows, every version of them. */
export class WorkflowRows {
  constructor(
    private readonly db: Db,
    private readonly t: Tables,
  ) {}

  async insert(row: WorkflowRow): Promise<void> {
    await this.db.insert(this.t.workflows).values(row);
  }

  /** A version, the latest where left out. */
  async get(project: string, name: string, version?: number): Promise<WorkflowRow | undefined> {
    const { workflows } = this.t;
    const [row] = await this.db
      .select()
      .from(workflows)
      .where(
        and(
          eq(workflows.project, project),
          eq(workflows.name, name),
          version === undefined ? undefined : eq(workflows.version, version),
        ),
      )
      .orderBy(desc(workflows.version))
      .limit(1);
    return row;
  }

  /** The latest first. */
  async versions(project: string, name: string): Promise<WorkflowRow[]> {
    const { workflows } = this.t;
    return this.db
      .select()
      .from(workflows)
      .where(and(eq(workflows.project, project), eq(workflows.name, name)))
      .orderBy(desc(workflows.version));
  }

  /** The latest version of each, by name. */
  async list(project: string, afterName: string, limit: number): Promise<WorkflowRow[]> {
    const { workflows } = this.t;
    const latest = await this.db
      .select({ name: workflows.name, version: max(workflows.version) })
      .from(workflows)
      .where(and(eq(workflows.project, project), gt(workflows.name, afterName)))
      .groupBy(workflows.name)
      .orderBy(workflows.name)
      .limit(limit);
    const rows: WorkflowRow[] = [];
    for (const { name, version } of latest) {
      const row = await this.get(project, name, Number(version));
      if (row) rows.push(row);
    }
    return rows;
  }

  /** Returns how many versions went. */
  async delete(project: string, name: string, version?: number): Promise<number> {
    const { workflows } = this.t;
    const gone = await this.db
      .delete(workflows)
      .where(
        and(
          eq(workflows.project, project),
          eq(workflows.name, name),
          version === undefined ? undefined : eq(workflows.version, version),
        ),
      )
      .returning({ version: workflows.version });
    return gone.length;
  }
}
