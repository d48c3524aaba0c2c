import { EngineError, ERROR_TRAITS, type ErrorCode } from "#engine/errors";
import type { Clock, Logger } from "#engine/plugin";
import type { JobItemRow, JobRow, Rows, RunRow, Store } from "#engine/store";
import type { Admission } from "../admission.ts";
import type { StartJob } from "../api/work.ts";
import type { Subscriptions } from "../hooks/subscriptions.ts";
import { newId } from "../ids.ts";
import type { LiveRun } from "../live/live-run.ts";
import { FetchingRun, hasUrls } from "../runs/fetching-run.ts";
import type { RunBook } from "../runs/run-book.ts";

/** What is stored of a job's request. */
export interface StoredJob extends Pick<StartJob, "params" | "keep"> {
  readonly input: string;
  readonly concurrency: number;
  readonly attempts: number;
  readonly record?: boolean;
  /** Absolute: the folder that a workflow of the configuration lies in. */
  readonly home?: string;
}

export interface JobRunnerOptions {
  readonly store: Store;
  readonly book: RunBook;
  readonly admission: Admission;
  readonly subscriptions: Subscriptions;
  readonly clock: Clock;
  readonly epochMs: () => number;
  readonly log: Logger;
  /** Deliveries were put into the outbox. */
  readonly queued: () => void;
}

const FIRST_RETRY_MS = 1000;
const MOST_RETRY_MS = 300_000;
const BUSY_MS = 1000;

interface Failure {
  readonly code: string;
  readonly message: string;
}

/** Runs the items of jobs, a run each. An item names its run before the run is stored, so that neither is done twice or forgotten. */
export class JobRunner {
  readonly #going = new Map<string, Set<number>>();
  readonly #looking = new Map<string, boolean>();
  readonly #timers = new Map<string, () => void>();
  #stopped = false;

  constructor(private readonly options: JobRunnerOptions) {}

  get running(): number {
    return this.#going.size;
  }

  /** Goes on with what an earlier process left; its runs are taken up already, where that was possible. */
  async recover(): Promise<void> {
    const jobs = await this.options.store.read((from) => from.jobs.inStates(["queued", "running"]));
    for (const job of jobs) {
      const items = await this.options.store.read((from) => from.jobs.itemsInState(job.id, "running"));
      for (const item of items) this.#pursue(job, item, item.runId ?? newId("run"));
      this.wake(job.id);
    }
  }

  /** Items of a job may be ready. */
  wake(jobId: string): void {
    if (this.#stopped) return;
    if (this.#looking.has(jobId)) return void this.#looking.set(jobId, true);
    this.#looking.set(jobId, false);
    void this.#look(jobId);
  }

  /** Cancels the runs of a job's items, which end their items. */
  async cancel(jobId: string): Promise<void> {
    await this.options.store.write(async (to) => {
      await to.jobs.update(jobId, { state: "cancelled" });
      await to.jobs.moveItems(jobId, ["queued"], "cancelled");
    });
    const running = await this.options.store.read((from) => from.jobs.itemsInState(jobId, "running"));
    const { book } = this.options;
    for (const { runId } of running) {
      if (runId === null) continue;
      book.fetching(runId)?.stop({ state: "cancelled" });
      book.get(runId)?.cancel("the job was cancelled");
    }
    this.wake(jobId);
  }

  stop(): void {
    this.#stopped = true;
    for (const callOff of this.#timers.values()) callOff();
  }

  async #look(jobId: string): Promise<void> {
    const { log, clock } = this.options;
    this.#timers.get(jobId)?.();
    this.#timers.delete(jobId);
    let waitMs: number | undefined;
    try {
      waitMs = await this.#fill(jobId);
    } catch (error) {
      log.warn("a job could not go on", { job: jobId, code: codeOf(error) });
      waitMs = BUSY_MS;
    }
    const again = this.#looking.get(jobId);
    this.#looking.delete(jobId);
    if (again) return this.wake(jobId);
    if (waitMs !== undefined && !this.#stopped)
      this.#timers.set(
        jobId,
        clock.after(waitMs, () => this.wake(jobId)),
      );
  }

  /** Begins as many items as may go at once. Returns when to look again, where no end of an item will say so. */
  async #fill(jobId: string): Promise<number | undefined> {
    const { store, admission, epochMs } = this.options;
    const job = await store.read((from) => from.jobs.get(jobId));
    if (!job || job.endedAtMs !== null) return undefined;
    const going = this.#goingOf(jobId);
    const free = (job.request as StoredJob).concurrency - going.size;
    if (free > 0 && job.state !== "cancelled") {
      if (admission.reason) return BUSY_MS;
      const due = await store.read((from) => from.jobs.due(jobId, epochMs(), free));
      for (const item of due) await this.#claim(job, item);
    }
    if (going.size > 0) return undefined;
    const nextMs = await store.read((from) => from.jobs.nextDueMs(jobId));
    if (nextMs !== undefined && job.state !== "cancelled") return Math.max(10, nextMs - epochMs());
    await this.#finish(job);
    this.#going.delete(jobId);
    return undefined;
  }

  async #claim(job: JobRow, item: JobItemRow): Promise<void> {
    const runId = newId("run");
    const claimed = { ...item, state: "running", runId, attempts: item.attempts + 1 };
    await this.options.store.write(async (to) => {
      if (job.state === "queued") await to.jobs.update(job.id, { state: "running" });
      await to.jobs.updateItem(job.id, item.position, { state: "running", runId, attempts: claimed.attempts });
    });
    this.#pursue(job, claimed, runId);
  }

  #pursue(job: JobRow, item: JobItemRow, runId: string): void {
    const going = this.#goingOf(job.id);
    going.add(item.position);
    void this.#outcome(job, item, runId)
      .then((failure) => (failure === "interrupted" ? undefined : this.#settle(job, item, failure)))
      .catch((error) =>
        this.options.log.warn("an item was not noted", { job: job.id, item: item.position, code: codeOf(error) }),
      )
      .finally(() => {
        going.delete(item.position);
        this.wake(job.id);
      });
  }

  /** Why the item's run failed; undefined where it is done. */
  async #outcome(job: JobRow, item: JobItemRow, runId: string): Promise<Failure | "interrupted" | undefined> {
    const { book, store } = this.options;
    try {
      const fetched = await book.fetching(runId)?.begun;
      const known = fetched || book.get(runId) ? undefined : await store.read((from) => from.runs.get(runId));
      if (known && known.endedAtMs !== null) return failureOf(known);
      if (known?.state === "fetching") return "interrupted";
      const live =
        fetched ?? book.get(runId) ?? (known ? await book.resume(known) : await this.#start(job, item, runId));
      if (!live) return await this.#cameToNothing(runId);
      // whoever cancelled the job before the run was there has not seen it
      const current = await store.read((from) => from.jobs.get(job.id));
      if (current?.state === "cancelled") live.cancel("the job was cancelled");
      const report = await live.ended;
      if (!report) return "interrupted";
      if (report.state === "done") return undefined;
      return { code: report.error?.code ?? "RUN_CANCELLED", message: report.error?.message ?? "the run was cancelled" };
    } catch (error) {
      if (error instanceof EngineError) return { code: error.code, message: error.message };
      throw error;
    }
  }

  /** Why a run has not begun. */
  async #cameToNothing(runId: string): Promise<Failure | "interrupted" | undefined> {
    const row = await this.options.store.read((from) => from.runs.get(runId));
    return row && row.endedAtMs !== null ? failureOf(row) : "interrupted";
  }

  /** Undefined where its input could not be had, or the process ends before it is there. */
  async #start(job: JobRow, item: JobItemRow, runId: string): Promise<LiveRun | undefined> {
    const request = job.request as StoredJob;
    const row: RunRow = {
      id: runId,
      project: job.project,
      keyId: job.keyId,
      workflow: job.workflow,
      version: job.version,
      workflowText: job.workflowText,
      request: {
        inputs: { [request.input]: item.binding },
        params: request.params ?? {},
        outputs: [],
        ...(request.home !== undefined && { home: request.home }),
      },
      ownSecrets: [],
      state: "starting",
      labels: { ...job.labels, ...item.labels },
      keep: request.keep ?? "all",
      record: request.record ?? false,
      generation: 0,
      errorCode: null,
      errorMessage: null,
      traceparent: null,
      createdAtMs: this.options.epochMs(),
      endedAtMs: null,
      accounts: null,
      drain: null,
    };
    const { book } = this.options;
    const started = await (hasUrls(row) ? book.fetch(row, {}) : book.start(row, {}));
    if (!started) throw new Error("a run without an idempotency key was not started");
    return started.run instanceof FetchingRun ? started.run.begun : started.run;
  }

  async #settle(job: JobRow, item: JobItemRow, failure: Failure | undefined): Promise<void> {
    const { store, epochMs } = this.options;
    const { attempts } = job.request as StoredJob;
    const current = await store.read((from) => from.jobs.get(job.id));
    const cancelled = current?.state === "cancelled";
    const again = failure !== undefined && !cancelled && item.attempts < attempts && mayPass(failure.code);
    const pauseMs = Math.min(MOST_RETRY_MS, FIRST_RETRY_MS * 2 ** (item.attempts - 1));
    // what was refused at its start left no run that anybody could look at
    const { runId } = item;
    const unborn = failure !== undefined && runId !== null && !(await store.read((from) => from.runs.get(runId)));
    const state = failure === undefined ? "done" : again ? "queued" : cancelled ? "cancelled" : "failed";
    await store.write(async (to) => {
      await to.jobs.updateItem(job.id, item.position, {
        state,
        errorCode: failure?.code ?? null,
        errorMessage: failure?.message ?? null,
        ...(unborn && { runId: null }),
        ...(again && { notBeforeMs: Math.round(epochMs() + pauseMs) }),
      });
      if (!again) await this.#tell(to, job, "job.progress", { item: item.position, state });
    });
    this.options.queued();
  }

  async #finish(job: JobRow): Promise<void> {
    const { store, epochMs } = this.options;
    await store.write(async (to) => {
      const counts = (await to.jobs.counts([job.id])).get(job.id) ?? {};
      const state =
        job.state === "cancelled" ? "cancelled" : (counts.done ?? 0) === 0 && job.items > 0 ? "failed" : "done";
      await to.jobs.update(job.id, { state, endedAtMs: epochMs() });
      await this.#tell(to, job, "job.ended", { state });
    });
    this.options.queued();
  }

  async #tell(to: Rows, job: JobRow, event: "job.progress" | "job.ended", more: Readonly<Record<string, unknown>>) {
    const counts = (await to.jobs.counts([job.id])).get(job.id) ?? {};
    const data = { job: job.id, items: job.items, done: counts.done ?? 0, failed: counts.failed ?? 0, ...more };
    const atMs = this.options.epochMs();
    await to.webhooks.queue(
      this.options.subscriptions.of({ project: job.project, event, labels: job.labels, atMs, data }),
    );
  }

  #goingOf(jobId: string): Set<number> {
    let going = this.#going.get(jobId);
    if (!going) {
      going = new Set();
      this.#going.set(jobId, going);
    }
    return going;
  }
}

const failureOf = (row: RunRow): Failure | undefined =>
  row.state === "done"
    ? undefined
    : { code: row.errorCode ?? "RUN_CANCELLED", message: row.errorMessage ?? "the run was cancelled" };

const isCode = (code: string): code is ErrorCode => Object.hasOwn(ERROR_TRAITS, code);
const mayPass = (code: string): boolean => isCode(code) && ERROR_TRAITS[code].retryable;
const codeOf = (error: unknown): string => (error instanceof EngineError ? error.code : "INTERNAL");
