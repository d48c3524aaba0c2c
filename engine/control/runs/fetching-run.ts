import type { RunRow } from "#engine/store";
import type { OwnBinding } from "../api/runs.ts";
import type { LiveRun } from "../live/live-run.ts";
import type { StoredEnd } from "./stored-runs.ts";

/** Whether inputs of a run lie elsewhere, so that it waits for them before its nodes are made. */
export const hasUrls = (row: Pick<RunRow, "request">): boolean =>
  Object.values(row.request.inputs as Readonly<Record<string, OwnBinding>>).some((binding) => "url" in binding);

/** A run that is stored and waits for inputs that lie elsewhere. */
export class FetchingRun {
  /** The run, once it has begun; undefined where it came to nothing, or the process ends before. Never rejects. */
  readonly begun: Promise<LiveRun | undefined>;
  readonly state = "fetching";
  readonly #gone = new AbortController();
  #end: StoredEnd | undefined;

  constructor(
    readonly row: RunRow,
    begin: (fetching: FetchingRun) => Promise<LiveRun | undefined>,
  ) {
    this.begun = begin(this);
  }

  /** Aborts when nobody waits for it any more. */
  get signal(): AbortSignal {
    return this.#gone.signal;
  }

  /** How it was ended from outside; undefined also where it only stops here. */
  get end(): StoredEnd | undefined {
    return this.#end;
  }

  /** Stops fetching. @param end of the run; left out, another process fetches again. */
  stop(end?: StoredEnd): void {
    this.#end ??= end;
    this.#gone.abort();
  }
}
