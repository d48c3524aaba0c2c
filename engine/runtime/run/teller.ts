import type { RunHappening } from "../events.ts";
import type { RunOptions } from "./options.ts";

/** Tells what happens in a run to whoever listens: numbered, and with the time since its start. */
export class Teller {
  readonly #options: RunOptions;
  readonly #startedMs: number;
  #sequence = 0;

  constructor(options: RunOptions) {
    this.#options = options;
    this.#startedMs = options.clock.nowMs();
  }

  /** Of the run's clock, since its start. */
  get elapsedMs(): number {
    return this.#options.clock.nowMs() - this.#startedMs;
  }

  tell(happening: RunHappening): void {
    this.#sequence++;
    const { runId } = this.#options;
    this.#options.onEvent?.({ sequence: this.#sequence, atMs: this.elapsedMs, runId, ...happening });
  }
}
