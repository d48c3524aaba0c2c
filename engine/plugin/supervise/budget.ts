import { EngineError } from "#engine/errors";

/** What follows a failure. `of` is how many attempts, or candidates, there are in all. */
export type Step =
  | { readonly kind: "retry"; readonly attempt: number; readonly of: number; readonly waitMs: number }
  | { readonly kind: "fallback"; readonly attempt: number; readonly of: number; readonly waitMs: 0 }
  | { readonly kind: "over"; readonly error: unknown };

/** A candidate as far as the budget sees it. */
export interface Spender {
  readonly type: string;
  /** At least 1; the first counts. */
  readonly attempts: number;
}

const FIRST_WAIT_MS = 100;
const LONGEST_WAIT_MS = 5000;

/**
 * Counts the failures of one unit of work and says what to try next. A candidate that was left is not gone back to. The first retry of a
 * unit comes at once, later ones wait 100 ms, doubling up to 5 s, of which half is at random.
 */
export class Budget {
  #current = 0;
  #failures: number[];

  /** @param random a number from 0 to below 1. */
  constructor(
    readonly candidates: readonly Spender[],
    readonly random: () => number,
  ) {
    this.#failures = candidates.map(() => 0);
  }

  /** Index of the candidate whose turn it is. */
  get current(): number {
    return this.#current;
  }

  /** A unit of work is done: the next one has all its attempts. */
  succeeded(): void {
    this.#failures.fill(0);
  }

  /** @param error what the current candidate failed with; a plain `Error` is a bug of it, which trying again does not mend. */
  failed(error: unknown): Step {
    const failures = ++this.#failures[this.#current]!;
    const attempts = this.candidates[this.#current]?.attempts ?? 1;
    if (mayPass(error) && failures < attempts)
      return { kind: "retry", attempt: failures + 1, of: attempts, waitMs: this.#waitMs(failures) };
    if (this.#current + 1 < this.candidates.length) {
      this.#current++;
      return { kind: "fallback", attempt: this.#current + 1, of: this.candidates.length, waitMs: 0 };
    }
    return { kind: "over", error: this.#lastWord(error) };
  }

  #waitMs(failures: number): number {
    if (failures === 1) return 0;
    return Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (failures - 2)) * (0.5 + this.random() / 2);
  }

  /** The error as it is when nothing else was tried, else one of the same code that tells what was. */
  #lastWord(error: unknown): unknown {
    const tried = this.candidates
      .map((candidate, i) => ({ type: candidate.type, failures: this.#failures[i] ?? 0 }))
      .filter(({ failures }) => failures > 0);
    if (tried.reduce((sum, { failures }) => sum + failures, 0) === 1) return error;
    const text = error instanceof Error ? error.message : String(error);
    const list = tried.map(({ type, failures }) => `${type} ${failures} time${failures === 1 ? "" : "s"}`).join(", ");
    const known = error instanceof EngineError;
    return new EngineError(known ? error.code : "NODE_FAILED", `tried ${list}; the last said: ${text}`, {
      cause: error,
      ...(known ? { details: error.details } : {}),
    });
  }
}

const mayPass = (error: unknown) => error instanceof EngineError && error.traits.retryable && error.traits.usable;
