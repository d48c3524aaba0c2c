import { createHash } from "node:crypto";
import { EngineError } from "#engine/errors";
import type { JobItemRow, JobRow, Store } from "#engine/store";
import { fromCursor, pageOf, placeOf, requireScope, requireWhole, toCursor } from "../access.ts";
import type { Admission } from "../admission.ts";
import type { Caller, Page, PageRequest } from "../api/access.ts";
import type { JobItemView, JobState, Jobs, JobView, StartJob } from "../api/work.ts";
import type { ServerConfig } from "../config.ts";
import { newId } from "../ids.ts";
import { requireLabels } from "../runs/check-request.ts";
import { invalid, type Planner } from "../runs/planner.ts";
import { withoutSecretParams } from "../runs/secret-params.ts";
import { inputsOf, type WorkflowsService } from "../runs/workflows-service.ts";
import type { JobRunner, StoredJob } from "./job-runner.ts";

const MOST_ITEMS = 10_000;
const MOST_AT_ONCE = 64;
const MOST_ATTEMPTS = 20;

interface Services {
  readonly config: ServerConfig;
  readonly store: Store;
  readonly runner: JobRunner;
  readonly workflows: WorkflowsService;
  readonly planner: Planner;
  readonly admission: Admission;
  readonly epochMs: () => number;
}

/** Jobs as callers see them. */
export class JobsService implements Jobs {
  constructor(private readonly services: Services) {}

  async start(caller: Caller, request: StartJob, options: { readonly idempotencyKey?: string } = {}): Promise<JobView> {
    requireScope(caller, "jobs");
    requireWhole(caller);
    const { store, runner, admission, epochMs } = this.services;
    if (admission.draining) throw admission.reason;
    const hash = createHash("sha256").update(JSON.stringify(request)).digest("hex");
    const key = options.idempotencyKey;
    const before = key === undefined ? undefined : await this.#answered(caller, key, hash);
    if (before) return before;
    const job = await this.#newJob(caller, request);
    const items = request.items.map(
      ({ labels, ...binding }, position): JobItemRow => ({
        jobId: job.id,
        position,
        state: "queued",
        binding,
        labels: labels ?? {},
        attempts: 0,
        runId: null,
        errorCode: null,
        errorMessage: null,
        notBeforeMs: 0,
      }),
    );
    const fresh = await store.write(async (to) => {
      const createdAtMs = epochMs();
      const asked = { project: caller.project, kind: "job", requestHash: hash, resourceId: job.id, createdAtMs };
      if (key !== undefined && !(await to.access.addRequest({ ...asked, key }))) return false;
      await to.jobs.insert(job, items);
      return true;
    });
    const winner = fresh || key === undefined ? undefined : await this.#answered(caller, key, hash);
    if (winner) return winner;
    runner.wake(job.id);
    return jobView(job, { queued: items.length });
  }

  async list(caller: Caller, filter: PageRequest & { readonly state?: JobState }): Promise<Page<JobView>> {
    requireScope(caller, "jobs");
    requireWhole(caller);
    const { limit, after } = placeOf(filter);
    return this.services.store.read(async (from) => {
      const query = { limit: limit + 1, ...(after && { after }), ...(filter.state && { state: filter.state }) };
      const rows = await from.jobs.list(caller.project, query);
      const counts = await from.jobs.counts(rows.map((row) => row.id));
      const view = (row: JobRow) => jobView(row, counts.get(row.id) ?? {});
      return pageOf(rows, limit, (row) => ({ atMs: row.createdAtMs, id: row.id }), view);
    });
  }

  async get(caller: Caller, id: string): Promise<JobView> {
    const row = await this.#find(caller, id);
    const counts = await this.services.store.read((from) => from.jobs.counts([id]));
    return jobView(row, counts.get(id) ?? {});
  }

  async items(caller: Caller, id: string, { limit = 50, cursor }: PageRequest): Promise<Page<JobItemView>> {
    await this.#find(caller, id);
    placeOf({ limit });
    const after = cursor === undefined ? -1 : Number(fromCursor(cursor));
    if (!Number.isInteger(after))
      throw new EngineError("REQUEST_INVALID", "cursor: not one that this server has given out");
    const rows = await this.services.store.read((from) => from.jobs.items(id, after, limit + 1));
    const items = rows.slice(0, limit).map(itemView);
    const last = items.at(-1);
    return { items, ...(rows.length > limit && last && { next: toCursor(String(last.index)) }) };
  }

  async cancel(caller: Caller, id: string): Promise<JobView> {
    const row = await this.#find(caller, id);
    if (row.endedAtMs === null) await this.services.runner.cancel(id);
    return this.get(caller, id);
  }

  async #newJob(caller: Caller, request: StartJob): Promise<JobRow> {
    const { workflows, planner, config, epochMs } = this.services;
    requireSound(request);
    const { text, name, version } = await workflows.resolve(caller, request.workflow);
    if (Object.keys(withoutSecretParams(text, request.params ?? {}, {}).secrets).length > 0) throw noSecrets("params");
    const { plan, findings } = await planner.lint(text, name || "workflow.yaml");
    if (!plan) throw invalid(findings);
    const inputs = inputsOf(plan).map((each) => each.name);
    const input = request.input ?? (inputs.length === 1 ? inputs[0] : undefined);
    if (input === undefined || !inputs.includes(input))
      throw new EngineError(
        "INPUT_UNKNOWN",
        `input: one of ${inputs.join(", ") || "none, the workflow has no input"} was wanted`,
      );
    const keeps = ["none", "text", "all"] as const;
    const stored: StoredJob = {
      input,
      concurrency: request.concurrency ?? 4,
      attempts: request.attempts ?? 3,
      ...(request.params && { params: request.params }),
      keep: keeps[Math.min(keeps.indexOf(request.keep ?? "all"), keeps.indexOf(config.privacy.keep))] ?? "none",
    };
    return {
      id: newId("job"),
      project: caller.project,
      keyId: caller.keyId ?? null,
      state: "queued",
      workflow: name || plan.name,
      version,
      workflowText: text,
      request: stored,
      labels: request.labels ?? {},
      items: request.items.length,
      createdAtMs: epochMs(),
      endedAtMs: null,
    };
  }

  async #find(caller: Caller, id: string): Promise<JobRow> {
    requireScope(caller, "jobs");
    requireWhole(caller);
    const row = await this.services.store.read((from) => from.jobs.get(id));
    if (row?.project !== caller.project) throw new EngineError("JOB_NOT_FOUND", "there is no such job");
    return row;
  }

  async #answered(caller: Caller, key: string, hash: string): Promise<JobView | undefined> {
    const before = await this.services.store.read((from) => from.access.request(caller.project, "job", key));
    if (!before) return undefined;
    if (before.requestHash !== hash)
      throw new EngineError("IDEMPOTENCY_CONFLICT", "the Idempotency-Key was used before, with another request");
    return this.get(caller, before.resourceId);
  }
}

function requireSound({ items, concurrency = 4, attempts = 3, labels, secrets }: StartJob): void {
  requireLabels(labels ?? {});
  for (const item of items) requireLabels(item.labels ?? {});
  const within = (what: string, value: number, most: number) => {
    if (!Number.isInteger(value) || value < 1 || value > most)
      throw new EngineError("REQUEST_INVALID", `${what}: a whole number from 1 to ${most} was wanted`);
  };
  within("items", items.length, MOST_ITEMS);
  within("concurrency", concurrency, MOST_AT_ONCE);
  within("attempts", attempts, MOST_ATTEMPTS);
  if (secrets && Object.keys(secrets).length > 0) throw noSecrets("secrets");
}

const noSecrets = (where: string): EngineError =>
  new EngineError(
    "REQUEST_INVALID",
    `${where}: a job goes on after a restart, and secrets of a request are not stored`,
  );

const jobView = (row: JobRow, counts: Readonly<Record<string, number>>): JobView => ({
  id: row.id,
  state: row.state as JobState,
  workflow: { name: row.workflow, ...(row.version !== null && { version: row.version }) },
  labels: row.labels,
  createdAtMs: row.createdAtMs,
  ...(row.endedAtMs !== null && { endedAtMs: row.endedAtMs }),
  items: row.items,
  done: counts.done ?? 0,
  failed: counts.failed ?? 0,
});

const itemView = (row: JobItemRow): JobItemView => ({
  index: row.position,
  state: row.state as JobState,
  attempts: row.attempts,
  ...(row.runId !== null && { runId: row.runId }),
  ...(row.errorCode !== null && { error: { code: row.errorCode, message: row.errorMessage ?? "" } }),
});
