import type { Columns } from "./columns.ts";

export type Labels = Readonly<Record<string, string>>;

/** What a run was started with, as far as it may be stored: secrets are not part of it. */
export interface StoredRequest {
  /** What the workflow gives out, as views of the run show it. */
  readonly outputs: readonly unknown[];
  readonly inputs: Readonly<Record<string, unknown>>;
  readonly params: Readonly<Record<string, unknown>>;
  /** Absolute: the folder that a workflow of the configuration lies in. */
  readonly home?: string;
}

/** That somebody asked for the end of a run's input. */
export interface StoredDrain {
  readonly atMs: number;
  /** How far sources that are neither live inputs nor go by real time had come, in samples or frames, by node. */
  readonly sources: Readonly<Record<string, number>>;
}

export interface StoredWord {
  readonly text: string;
  readonly startMs: number;
  readonly endMs: number;
}

/** Everything that belongs to a run and goes with it. */
export const runTables = (c: Columns) => ({
  runs: c.table(
    "runs",
    {
      id: c.text().primaryKey(),
      project: c.text().notNull(),
      keyId: c.text(),
      workflow: c.text().notNull(),
      version: c.whole(),
      /** The text that it runs, whatever becomes of the stored version. */
      workflowText: c.text().notNull(),
      request: c.json<StoredRequest>().notNull(),
      /** Names of secrets that came with the request: it cannot go on without them. */
      ownSecrets: c.json<readonly string[]>().notNull(),
      state: c.text().notNull(),
      labels: c.json<Labels>().notNull(),
      keep: c.text().notNull(),
      record: c.flag().notNull(),
      generation: c.whole().notNull(),
      errorCode: c.text(),
      errorMessage: c.text(),
      traceparent: c.text(),
      createdAtMs: c.whole().notNull(),
      endedAtMs: c.whole(),
      /** Accounts, once it has ended. */
      accounts: c.json<unknown>(),
      /** Where the end of its input was asked for: it is not forgotten when the run goes on in another process. */
      drain: c.json<StoredDrain>(),
    },
    (t) => [
      c.index("runs_by_project").on(t.project, t.createdAtMs, t.id),
      c.index("runs_by_state").on(t.state),
      c.index("runs_by_end").on(t.endedAtMs),
    ],
  ),
  runLabels: c.table(
    "run_labels",
    { runId: c.text().notNull(), name: c.text().notNull(), value: c.text().notNull() },
    (t) => [c.primaryKey({ columns: [t.runId, t.name] }), c.index("run_labels_by_value").on(t.name, t.value)],
  ),
  events: c.table(
    "run_events",
    {
      runId: c.text().notNull(),
      id: c.whole().notNull(),
      type: c.text().notNull(),
      version: c.whole().notNull(),
      atMs: c.whole().notNull(),
      generation: c.whole().notNull(),
      data: c.json<unknown>().notNull(),
    },
    (t) => [c.primaryKey({ columns: [t.runId, t.id] })],
  ),
  finals: c.table(
    "finals",
    {
      runId: c.text().notNull(),
      eventId: c.whole().notNull(),
      output: c.text().notNull(),
      node: c.text().notNull(),
      role: c.text().notNull(),
      utterance: c.text().notNull(),
      text: c.text().notNull(),
      startMs: c.real().notNull(),
      endMs: c.real().notNull(),
      language: c.text(),
      speaker: c.text(),
      channel: c.whole(),
      confidence: c.real(),
      words: c.json<readonly StoredWord[]>(),
      /** From the end of its speech to its arrival, of live audio. */
      latencyMs: c.real(),
    },
    (t) => [c.primaryKey({ columns: [t.runId, t.eventId] })],
  ),
  tracks: c.table(
    "tracks",
    {
      runId: c.text().notNull(),
      track: c.text().notNull(),
      received: c.whole().notNull(),
      kept: c.whole().notNull(),
      ended: c.flag().notNull(),
    },
    (t) => [c.primaryKey({ columns: [t.runId, t.track] })],
  ),
  artifacts: c.table(
    "artifacts",
    {
      runId: c.text().notNull(),
      name: c.text().notNull(),
      path: c.text().notNull(),
      bytes: c.whole().notNull(),
      mediaType: c.text(),
      partial: c.flag().notNull(),
      createdAtMs: c.whole().notNull(),
    },
    (t) => [c.primaryKey({ columns: [t.runId, t.name] })],
  ),
  usage: c.table(
    "run_usage",
    {
      runId: c.text().primaryKey(),
      project: c.text().notNull(),
      keyId: c.text(),
      workflow: c.text().notNull(),
      labels: c.json<Labels>().notNull(),
      atMs: c.whole().notNull(),
      audioSeconds: c.real().notNull(),
      characters: c.real().notNull(),
      requests: c.real().notNull(),
      finals: c.whole().notNull(),
    },
    (t) => [c.index("run_usage_by_project").on(t.project, t.atMs)],
  ),
  nodeState: c.table(
    "node_state",
    {
      runId: c.text().notNull(),
      node: c.text().notNull(),
      name: c.text().notNull(),
      value: c.json<unknown>().notNull(),
    },
    (t) => [c.primaryKey({ columns: [t.runId, t.node, t.name] })],
  ),
  callbacks: c.table(
    "callbacks",
    {
      /** SHA-256 of the token in the address. */
      tokenHash: c.text().primaryKey(),
      runId: c.text().notNull(),
      node: c.text().notNull(),
      name: c.text().notNull(),
      createdAtMs: c.whole().notNull(),
      /** How a call is answered: status, media type, body. */
      acknowledgement: c.json<unknown>().notNull(),
    },
    (t) => [c.index("callbacks_by_run").on(t.runId)],
  ),
  callbackCalls: c.table(
    "callback_calls",
    {
      id: c.text().primaryKey(),
      tokenHash: c.text().notNull(),
      runId: c.text().notNull(),
      receivedAtMs: c.whole().notNull(),
      /** What came, its body as base64. */
      request: c.json<unknown>().notNull(),
      taken: c.flag().notNull(),
    },
    (t) => [
      c.index("callback_calls_waiting").on(t.tokenHash, t.taken, t.id),
      c.index("callback_calls_by_run").on(t.runId),
    ],
  ),
});
