import type { EngineError } from "#engine/errors";

const FIRST_WAIT_MS = 200;
const LONGEST_WAIT_MS = 5000;

/** When a connection that was lost is looked for again: after ever longer waits, and for so long in all. */
export class Reconnects {
  readonly #mostMs: number;
  #lostAtMs: number | undefined;
  #attempt = 0;

  /** @param mostMs from the loss of a connection on; 0: it is never looked for again. */
  constructor(mostMs: number) {
    this.#mostMs = mostMs;
  }

  /** There is a connection. */
  joined(): void {
    this.#lostAtMs = undefined;
    this.#attempt = 0;
  }

  /** The next attempt and the wait before it; undefined where there is none, for the reason of the failure or for the time that is over. */
  next({ traits }: EngineError): { readonly attempt: number; readonly waitMs: number } | undefined {
    this.#lostAtMs ??= performance.now();
    const spentMs = performance.now() - this.#lostAtMs;
    if (!traits.retryable || spentMs >= this.#mostMs) return undefined;
    this.#attempt += 1;
    const waitMs = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (this.#attempt - 1)) * (0.5 + Math.random() / 2);
    return { attempt: this.#attempt, waitMs: Math.ceil(waitMs) };
  }
}
