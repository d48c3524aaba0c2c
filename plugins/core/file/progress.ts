import type { NodeContext } from "#engine/plugin";

/** No closer than this, in time of the recording; a long one reports a hundred times in all. */
const MIN_STEP_MS = 1000;

/** Reports how far a recording was read: `{ type: "progress", positionMs, totalMs }`, the total where it is known. */
export class Progress {
  readonly #ctx: Pick<NodeContext, "report">;
  readonly #totalMs: number | undefined;
  readonly #stepMs: number;
  #nextMs: number;
  #positionMs = 0;
  #reportedMs = -1;

  constructor(ctx: Pick<NodeContext, "report">, totalMs: number | undefined) {
    this.#ctx = ctx;
    this.#totalMs = totalMs;
    this.#stepMs = Math.max(MIN_STEP_MS, (totalMs ?? 0) / 100);
    this.#nextMs = this.#stepMs;
  }

  reached(positionMs: number): void {
    this.#positionMs = positionMs;
    if (positionMs < this.#nextMs) return;
    this.#report();
    this.#nextMs = (Math.floor(positionMs / this.#stepMs) + 1) * this.#stepMs;
  }

  /** Reports the last position, unless that was done. */
  end(): void {
    if (this.#positionMs !== this.#reportedMs) this.#report();
  }

  #report(): void {
    this.#reportedMs = this.#positionMs;
    const total = this.#totalMs === undefined ? {} : { totalMs: this.#totalMs };
    this.#ctx.report({ type: "progress", positionMs: this.#positionMs, ...total });
  }
}
