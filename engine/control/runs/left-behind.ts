import { EngineError } from "#engine/errors";
import type { Logger } from "#engine/plugin";
import type { RunRow, Store } from "#engine/store";
import { isClients, liveInputs } from "./bindings.ts";
import type { StoredRuns } from "./stored-runs.ts";

/** An interrupted run that nobody took up for so long has failed. */
const ABANDONED_MS = 3_600_000;

export interface LeftBehindOptions {
  readonly store: Store;
  readonly stored: StoredRuns;
  readonly epochMs: () => number;
  readonly log: Logger;
}

/** What becomes of runs that an earlier process left. */
interface Heir {
  fetchAgain(row: RunRow): void;
  resume(row: RunRow): Promise<unknown>;
  giveUp(row: RunRow, state: "failed", message?: string): Promise<void>;
}

/** Runs that an earlier process left unfinished. */
export class LeftBehind {
  constructor(
    private readonly options: LeftBehindOptions,
    private readonly heir: Heir,
  ) {}

  /** They are said to be interrupted; what needs no sender goes on at once. */
  async recover(): Promise<void> {
    const { store, stored, log } = this.options;
    const lost = await store.read((from) => from.runs.inStates(["fetching", "starting", "running", "draining"]));
    for (const row of lost) {
      if (row.state === "fetching" && row.ownSecrets.length === 0) this.heir.fetchAgain(row);
      else await stored.interrupt(row);
    }
    const interrupted = await store.read((from) => from.runs.inStates(["interrupted"]));
    for (const row of interrupted) {
      if (isClients(row))
        await this.heir.giveUp(row, "failed", "the process ended under it, and its client cannot come back");
      else if (row.ownSecrets.length === 0 && !(await this.#needsSender(row)))
        await this.heir
          .resume(row)
          .catch((error) => log.warn("a run could not be taken up", { run: row.id, code: codeOf(error) }));
    }
  }

  /** Those that nobody took up in an hour have failed. */
  async abandon(): Promise<void> {
    const { store, epochMs } = this.options;
    const rows = await store.read((from) => from.runs.inStates(["interrupted"]));
    for (const row of rows) {
      const [last] = await store.read(async (from) => {
        const id = (await from.journal.lastIds([row.id])).get(row.id) ?? 0;
        return from.journal.eventsAfter(row.id, id - 1, 1);
      });
      if (epochMs() - (last?.atMs ?? row.createdAtMs) >= ABANDONED_MS) await this.heir.giveUp(row, "failed");
    }
  }

  /** Whether anything is still to be sent: not where all live inputs have ended and are safe. */
  async #needsSender(row: RunRow): Promise<boolean> {
    const live = liveInputs(row);
    if (live.size === 0) return false;
    const tracks = await this.options.store.read((from) => from.journal.tracks([row.id]));
    const whole = tracks.filter(({ track, ended, kept, received }) => live.has(track) && ended && kept >= received);
    return whole.length < live.size;
  }
}

const codeOf = (error: unknown): string => (error instanceof EngineError ? error.code : "INTERNAL");
