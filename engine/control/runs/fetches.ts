import { asEngineError } from "#engine/errors";
import type { Clock, Logger } from "#engine/plugin";
import type { RunRow } from "#engine/store";
import type { Finding } from "#engine/workflow";
import type { LiveRun } from "../live/live-run.ts";
import { FetchingRun } from "./fetching-run.ts";
import type { StoredEnd, StoredRuns } from "./stored-runs.ts";

export interface FetchesOptions {
  readonly stored: StoredRuns;
  readonly clock: Clock;
  readonly log: Logger;
  /** Fetches what the run needs and begins it; throws where that fails, or the signal says that nobody waits for it any more. */
  readonly begin: (row: RunRow, secrets: Readonly<Record<string, string>>, signal: AbortSignal) => Promise<LiveRun>;
}

/** An end that could not be stored is tried again. */
const RETRY_MS = 1000;

/** Runs that wait for inputs that lie elsewhere. What cannot be had ends them with its code. */
export class Fetches {
  readonly #going = new Map<string, FetchingRun>();
  #stopped = false;

  constructor(private readonly options: FetchesOptions) {}

  get(id: string): FetchingRun | undefined {
    return this.#going.get(id);
  }

  all(): FetchingRun[] {
    return [...this.#going.values()];
  }

  get size(): number {
    return this.#going.size;
  }

  /** @param row as it is stored, in the state fetching. */
  add(row: RunRow, secrets: Readonly<Record<string, string>>): FetchingRun {
    const fetching = new FetchingRun(row, async (own) => {
      try {
        return await this.#begin(own, secrets);
      } finally {
        this.#going.delete(row.id);
      }
    });
    this.#going.set(row.id, fetching);
    return fetching;
  }

  /** Leaves all of them to the next process. */
  async stop(): Promise<void> {
    this.#stopped = true;
    for (const fetching of this.all()) fetching.stop();
    await Promise.all(this.all().map(({ begun }) => begun));
  }

  async #begin(fetching: FetchingRun, secrets: Readonly<Record<string, string>>): Promise<LiveRun | undefined> {
    const { row, signal } = fetching;
    try {
      return await this.options.begin(row, secrets, signal);
    } catch (error) {
      const end = signal.aborted ? fetching.end : ({ state: "failed", error: failureOf(error) } as const);
      if (end) await this.#end(row, end);
      return undefined;
    }
  }

  async #end(row: RunRow, end: StoredEnd): Promise<void> {
    const { stored, clock, log } = this.options;
    for (;;) {
      try {
        return void (await stored.end(row, ["fetching"], end));
      } catch (error) {
        const { code } = asEngineError(error, "STORE_FAILED", "fetching");
        log.warn("the end of a run could not be stored", { run: row.id, code });
        if (this.#stopped) return;
        await clock.sleep(RETRY_MS);
      }
    }
  }
}

/** The workflow was sound when it came, so what is wrong with it now lies in what was fetched. */
function failureOf(error: unknown): { readonly code: string; readonly message: string } {
  const { code, message, details } = asEngineError(error, "INTERNAL", "fetching");
  const findings = (details.findings ?? []) as readonly Finding[];
  return { code, message: findings.find(({ severity }) => severity === "error")?.message ?? message };
}
