import type { Columns } from "./columns.ts";
import type { Labels } from "./run-tables.ts";

/** Workflows, uploads, jobs, and what is told to others. */
export const workTables = (c: Columns) => ({
  workflows: c.table(
    "workflows",
    {
      project: c.text().notNull(),
      name: c.text().notNull(),
      version: c.whole().notNull(),
      text: c.text().notNull(),
      description: c.text(),
      inputs: c.json<readonly { readonly name: string; readonly kind: string }[]>().notNull(),
      outputs: c.json<readonly string[]>().notNull(),
      createdAtMs: c.whole().notNull(),
    },
    (t) => [c.primaryKey({ columns: [t.project, t.name, t.version] })],
  ),
  uploads: c.table(
    "uploads",
    {
      id: c.text().primaryKey(),
      project: c.text().notNull(),
      name: c.text(),
      mediaType: c.text(),
      bytes: c.whole().notNull(),
      path: c.text().notNull(),
      createdAtMs: c.whole().notNull(),
    },
    (t) => [c.index("uploads_by_age").on(t.createdAtMs)],
  ),
  jobs: c.table(
    "jobs",
    {
      id: c.text().primaryKey(),
      project: c.text().notNull(),
      keyId: c.text(),
      state: c.text().notNull(),
      workflow: c.text().notNull(),
      version: c.whole(),
      workflowText: c.text().notNull(),
      /** Input, params, concurrency, attempts and the like. */
      request: c.json<unknown>().notNull(),
      labels: c.json<Labels>().notNull(),
      items: c.whole().notNull(),
      createdAtMs: c.whole().notNull(),
      endedAtMs: c.whole(),
    },
    (t) => [c.index("jobs_by_project").on(t.project, t.createdAtMs, t.id), c.index("jobs_by_state").on(t.state)],
  ),
  jobItems: c.table(
    "job_items",
    {
      jobId: c.text().notNull(),
      position: c.whole().notNull(),
      state: c.text().notNull(),
      binding: c.json<unknown>().notNull(),
      labels: c.json<Labels>().notNull(),
      attempts: c.whole().notNull(),
      runId: c.text(),
      errorCode: c.text(),
      errorMessage: c.text(),
      /** Not tried again before that. */
      notBeforeMs: c.whole().notNull(),
    },
    (t) => [
      c.primaryKey({ columns: [t.jobId, t.position] }),
      c.index("job_items_by_state").on(t.jobId, t.state, t.position),
    ],
  ),
  webhooks: c.table(
    "webhooks",
    {
      id: c.text().primaryKey(),
      project: c.text().notNull(),
      url: c.text().notNull(),
      events: c.json<readonly string[]>().notNull(),
      labels: c.json<Labels>().notNull(),
      /** Signing needs the secret itself. */
      secret: c.text().notNull(),
      oldSecret: c.text(),
      oldSecretUntilMs: c.whole(),
      enabled: c.flag().notNull(),
      createdAtMs: c.whole().notNull(),
    },
    (t) => [c.index("webhooks_by_project").on(t.project)],
  ),
  deliveries: c.table(
    "deliveries",
    {
      id: c.text().primaryKey(),
      project: c.text().notNull(),
      /** Of a subscription; empty where a node of a run sends by itself, and `url` says where to. */
      webhookId: c.text().notNull(),
      url: c.text(),
      /** With `url`: the signature that goes with it; the secret is not stored. */
      signature: c.text(),
      runId: c.text(),
      event: c.text().notNull(),
      body: c.text().notNull(),
      state: c.text().notNull(),
      attempts: c.whole().notNull(),
      createdAtMs: c.whole().notNull(),
      nextAtMs: c.whole().notNull(),
      last: c.text(),
    },
    (t) => [
      c.index("deliveries_due").on(t.state, t.nextAtMs),
      c.index("deliveries_by_webhook").on(t.webhookId, t.createdAtMs, t.id),
    ],
  ),
});
