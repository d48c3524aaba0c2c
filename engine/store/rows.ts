import type { Db } from "./database.ts";
import { AccessRows } from "./rows/access-rows.ts";
import { CallbackRows } from "./rows/callback-rows.ts";
import { JobRows } from "./rows/job-rows.ts";
import { JournalRows } from "./rows/journal-rows.ts";
import { RunRows } from "./rows/run-rows.ts";
import { UploadRows } from "./rows/upload-rows.ts";
import { UsageRows } from "./rows/usage-rows.ts";
import { WebhookRows } from "./rows/webhook-rows.ts";
import { WorkflowRows } from "./rows/workflow-rows.ts";
import type { Tables } from "./schema/tables.ts";

/** All repositories on one connection or in one transaction. */
export class Rows {
  readonly runs: RunRows;
  readonly journal: JournalRows;
  readonly usage: UsageRows;
  readonly callbacks: CallbackRows;
  readonly workflows: WorkflowRows;
  readonly uploads: UploadRows;
  readonly jobs: JobRows;
  readonly webhooks: WebhookRows;
  readonly access: AccessRows;

  constructor(db: Db, tables: Tables) {
    this.runs = new RunRows(db, tables);
    this.journal = new JournalRows(db, tables);
    this.usage = new UsageRows(db, tables);
    this.callbacks = new CallbackRows(db, tables);
    this.workflows = new WorkflowRows(db, tables);
    this.uploads = new UploadRows(db, tables);
    this.jobs = new JobRows(db, tables);
    this.webhooks = new WebhookRows(db, tables);
    this.access = new AccessRows(db, tables);
  }
}
