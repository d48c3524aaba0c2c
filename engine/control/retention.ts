import { rmSync } from "node:fs";
import { EngineError } from "#engine/errors";
import type { Clock, Logger } from "#engine/plugin";
import type { Store } from "#engine/store";
import type { ServerConfig } from "./config.ts";
import { removeFetched } from "./files/locate.ts";
import type { UploadsService } from "./files/uploads-service.ts";
import type { LiveRun } from "./live/live-run.ts";
import { removeRecording } from "./runs/recording.ts";
import type { RunBook } from "./runs/run-book.ts";

const EVERY_MS = 60_000;
const AT_ONCE = 200;
const DAY_MS = 86_400_000;
/** So long a request's Idempotency-Key holds, and a delivery that came through is shown. */
const REQUESTS_MS = DAY_MS;
const DELIVERED_MS = 7 * DAY_MS;

export interface RetentionOptions {
  readonly config: ServerConfig;
  readonly store: Store;
  readonly book: RunBook;
  readonly uploads: UploadsService;
  readonly clock: Clock;
  readonly epochMs: () => number;
  readonly log: Logger;
}

/** Removes what is not to be kept, once a minute and when a run ends. */
export class Retention {
  #callOff: () => void = () => {};

  constructor(private readonly options: RetentionOptions) {
    options.book.onEnded((run) => void this.#ended(run).catch((error) => this.#failed(error)));
  }

  start(): void {
    this.#callOff = this.options.clock.after(EVERY_MS, () => {
      void this.sweep()
        .catch((error) => this.#failed(error))
        .finally(() => this.start());
    });
  }

  stop(): void {
    this.#callOff();
    this.start = () => {};
  }

  /** One round. */
  async sweep(): Promise<void> {
    const { config, store, book, uploads, epochMs } = this.options;
    const nowMs = epochMs();
    await book.abandon();
    // readers of a run have as long as a sender would have had to come back
    await this.#each(
      (from) => from.runs.toForget(nowMs - config.limits.resumeSeconds * 1000, AT_ONCE),
      (id) => this.#forget(id),
    );
    const { runs, audio } = config.retention;
    if (runs !== undefined)
      await this.#each(
        (from) => from.runs.endedBefore(nowMs - runs * DAY_MS, AT_ONCE),
        async (id) => {
          await store.write((to) => to.runs.delete([id]));
          this.#removeFolder(id);
        },
      );
    if (audio !== undefined) {
      await this.#each(
        async (from) => (await from.uploads.olderThan(nowMs - audio * DAY_MS, AT_ONCE)).map((row) => row.id),
        (id) => uploads.remove([id]),
      );
      await this.#each(
        (from) => from.runs.recordedBefore(nowMs - audio * DAY_MS, AT_ONCE),
        async (id) => {
          await removeRecording(book.options.planner.dirOf(id));
          await store.write((to) => to.runs.unrecorded(id));
        },
      );
    }
    await store.write(async (to) => {
      await to.access.forgetRequestsBefore(nowMs - REQUESTS_MS);
      await to.webhooks.deleteDeliveredOfForgotten();
      await to.webhooks.deleteDeliveredBefore(nowMs - DELIVERED_MS);
    });
  }

  /** What was fetched for a run goes with its end; of one of which only texts are kept, nothing else stays. */
  async #ended(run: LiveRun): Promise<void> {
    if (run.row.keep === "all") return removeFetched(this.options.book.options.planner.dirOf(run.id));
    await this.options.store.write((to) => to.runs.deleteArtifacts(run.id));
    this.#removeFolder(run.id);
  }

  async #forget(id: string): Promise<void> {
    await this.options.store.write((to) => to.runs.forget(id));
    this.#removeFolder(id);
  }

  async #each(
    find: (from: Parameters<Parameters<Store["read"]>[0]>[0]) => Promise<string[]>,
    remove: (id: string) => Promise<void>,
  ): Promise<void> {
    for (;;) {
      const ids = await this.options.store.read(find);
      for (const id of ids) await remove(id);
      if (ids.length < AT_ONCE) return;
    }
  }

  #removeFolder(runId: string): void {
    rmSync(this.options.book.options.planner.dirOf(runId), { recursive: true, force: true });
  }

  #failed(error: unknown): void {
    this.options.log.warn("what is not to be kept could not be removed", {
      code: error instanceof EngineError ? error.code : "INTERNAL",
    });
  }
}
