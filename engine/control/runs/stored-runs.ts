import type { DeliveryRow, Rows, RunRow, Store } from "#engine/store";
import type { RunState } from "../api/runs.ts";
import { type DataOf, message } from "../live/tell.ts";
import type { RunMessage } from "../messages.ts";

export interface StoredRunsOptions {
  readonly store: Store;
  readonly epochMs: () => number;
  /** What others are to be told of a message. */
  readonly outbox: (message: RunMessage, project: string) => readonly DeliveryRow[];
  /** Deliveries were put into the outbox. */
  readonly queued: () => void;
  /** Hears every message when it is stored. */
  readonly observe: ((row: RunRow, message: RunMessage) => void) | undefined;
}

/** How a run ends that has no nodes. */
export interface StoredEnd {
  readonly state: DataOf<"run.ended">["state"];
  readonly drained?: boolean;
  readonly error?: { readonly code: string; readonly message: string };
}

/** Runs that have no nodes in this process: what is said of them, what others are told of it, and their row change in one transaction. */
export class StoredRuns {
  constructor(private readonly options: StoredRunsOptions) {}

  /** A run that is stored before its inputs are there. False: nothing was stored, for `claim` said so. */
  async insertFetching(row: RunRow, claim: (to: Rows) => Promise<boolean>): Promise<boolean> {
    const { store, epochMs, observe } = this.options;
    const said = message(aboutOf(row, epochMs()), "run.state", { state: "fetching" }, 1);
    const fresh = await store.write(async (to) => {
      if (!(await claim(to))) return false;
      await to.runs.insert({ ...row, state: "fetching" });
      await this.#append(to, row, [said]);
      return true;
    });
    if (fresh) observe?.(row, said);
    return fresh;
  }

  /** Its process ended under it. */
  async interrupt(row: RunRow): Promise<void> {
    const { store, epochMs } = this.options;
    await store.write(async (to) => {
      if (!(await to.runs.updateFrom([row.state], row.id, { state: "interrupted" }))) return;
      const id = (await lastId(to, row)) + 1;
      await this.#append(to, row, [message(aboutOf(row, epochMs()), "run.state", { state: "interrupted" }, id)]);
    });
  }

  /** Ends a run, once: false where it has ended meanwhile, or goes on. */
  async end(row: RunRow, from: readonly RunState[], end: StoredEnd): Promise<boolean> {
    const { store, epochMs, queued, observe } = this.options;
    const { state, drained = false, error } = end;
    const endedAtMs = epochMs();
    const errors = { errorCode: error?.code ?? null, errorMessage: error?.message ?? null };
    const data = { state, drained, ...(error && { error }), failures: [], durationMs: 0 };
    const said = await store.write(async (to) => {
      if (!(await to.runs.updateFrom(from, row.id, { state, endedAtMs, ...errors }))) return [];
      const id = await lastId(to, row);
      const about = aboutOf(row, endedAtMs);
      const messages = [message(about, "run.state", { state }, id + 1), message(about, "run.ended", data, id + 2)];
      await this.#append(to, row, messages);
      return messages;
    });
    for (const each of said) observe?.(row, each);
    if (said.length > 0) queued();
    return said.length > 0;
  }

  async #append(to: Rows, row: RunRow, messages: readonly RunMessage[]): Promise<void> {
    await to.journal.appendEvents(
      messages.map(({ id = 0, type, version, atMs, generation, data }) => ({
        runId: row.id,
        id,
        type,
        version,
        atMs,
        generation,
        data,
      })),
    );
    await to.webhooks.queue(messages.flatMap((each) => this.options.outbox(each, row.project)));
  }
}

const aboutOf = ({ id, generation, labels }: RunRow, atMs: number) => ({ run: id, atMs, generation, labels });

const lastId = async (from: Rows, { id }: RunRow): Promise<number> => (await from.journal.lastIds([id])).get(id) ?? 0;
