import { EngineError } from "#engine/errors";
import { errorOf } from "./calls.ts";
import { type Deferred, deferred } from "./deferred.ts";

/** Changes that were asked for and are not answered yet. */
export class Updates {
  readonly #waiting = new Map<number, Deferred<void>>();
  #last = 0;

  /** @returns the number that the answer carries, and the promise that it settles. */
  ask(): { readonly ref: number; readonly answer: Promise<void> } {
    const answer = deferred<void>();
    this.#waiting.set(++this.#last, answer);
    return { ref: this.#last, answer: answer.promise };
  }

  answered(ref: number | undefined, problem: unknown): void {
    const answer = this.#waiting.get(ref ?? 0);
    this.#waiting.delete(ref ?? 0);
    if (problem === undefined) answer?.resolve();
    else answer?.reject(errorOf(problem));
  }

  /** Whether they were done nobody will say. */
  forget(): void {
    const failure = new EngineError("VENDOR_FAILED", "the connection was lost before the answer");
    for (const answer of this.#waiting.values()) answer.reject(failure);
    this.#waiting.clear();
  }
}
