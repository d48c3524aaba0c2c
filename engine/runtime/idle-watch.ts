import type { Clock } from "#engine/plugin";

/** Notices that nothing moves. Counting a move is one addition; the clock is looked at four times in `idleMs`. */
export class IdleWatch {
  /** Raised by whoever moves something. */
  moves = 0;
  #seen = -1;
  #sinceMs = 0;
  #callOff: (() => void) | undefined;

  constructor(
    private readonly clock: Clock,
    private readonly idleMs: number,
    private readonly stalled: (ms: number) => void,
  ) {}

  start(): void {
    this.#sinceMs = this.clock.nowMs();
    this.#look();
  }

  stop(): void {
    this.#callOff?.();
  }

  #look(): void {
    const now = this.clock.nowMs();
    if (this.moves !== this.#seen) {
      this.#seen = this.moves;
      this.#sinceMs = now;
    } else if (now - this.#sinceMs >= this.idleMs) return this.stalled(Math.round(now - this.#sinceMs));
    this.#callOff = this.clock.after(this.idleMs / 4, () => this.#look());
  }
}
