import { postgresColumns } from "./columns.ts";
import { tablesOf } from "./tables.ts";

export const postgresTables = tablesOf(postgresColumns);

/** One by one, as the generator of migrations looks for them. */
export const {
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
  workflows,
  uploads,
  jobs,
  jobItems,
  webhooks,
  deliveries,
  keys,
  projects,
  facts,
  idempotency,
} = postgresTables;
