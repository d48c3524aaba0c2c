import { asEngineError } from "#engine/errors";
import type { Clock, Logger } from "#engine/plugin";
import type { NextTime } from "./times.ts";

export interface ScheduledOptions {
  /** Of the deployment. */
  readonly name: string;
  readonly next: NextTime;
  readonly clock: Clock;
  readonly epochMs: () => number;
  readonly log: Logger;
  /** Starts the run that is due at this moment, once however often it is asked. */
  start(dueMs: number): Promise<void>;
}

/** Timers cannot be set for longer than 24 days, and the machine's time may be set meanwhile. */
const LONGEST_MS = 3_600_000;
/** What could not be started now, such as on a busy machine, is tried again until the next time has come. */
const RETRY_MS = 5000;

/**
 * Starts a run at each moment of a schedule. Moments that passed while no process was there, or while the machine slept, are not made up
 * for, save the last one that a timer was set for.
 */
export class Scheduled {
  #callOff: (() => void) | undefined;
  #stopped = false;
  #starting: Promise<void> = Promise.resolve();

  constructor(private readonly options: ScheduledOptions) {}

  /** Waits for the next moment. */
  begin(): void {
    const { next, epochMs } = this.options;
    const dueMs = next(epochMs());
    if (dueMs !== undefined) this.#wait(dueMs);
  }

  /** Starts nothing more; resolves when what is being started is. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#callOff?.();
    await this.#starting;
  }

  #wait(dueMs: number): void {
    const { clock, epochMs } = this.options;
    const waitMs = Math.min(LONGEST_MS, Math.max(0, dueMs - epochMs()));
    this.#callOff = clock.after(waitMs, () => {
      if (epochMs() < dueMs) return this.#wait(dueMs);
      this.#starting = this.#due(dueMs);
    });
  }

  async #due(dueMs: number): Promise<void> {
    const { start, next, epochMs, clock, name, log } = this.options;
    const error = await start(dueMs).then(
      () => undefined,
      (reason: unknown) => asEngineError(reason, "INTERNAL", name),
    );
    if (this.#stopped) return;
    const nextMs = next(Math.max(dueMs, epochMs()));
    if (error?.traits.retryable && (nextMs === undefined || epochMs() + RETRY_MS < nextMs)) {
      this.#callOff = clock.after(RETRY_MS, () => {
        this.#starting = this.#due(dueMs);
      });
      return;
    }
    if (error) log.warn("a scheduled run was not started", { deployment: name, code: error.code });
    if (nextMs !== undefined) this.#wait(nextMs);
  }
}
