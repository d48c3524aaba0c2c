import type { Clock } from "../clock.ts";

/** Keeps audio from being sent faster than so many times real time. */
export class Pace {
  /** Until when what was sent lasts at that pace. */
  #lastsMs = 0;

  /** @param times 0 is any pace. `aheadMs`: how much audio may be sent before its time. */
  constructor(
    readonly times: number,
    readonly aheadMs: number,
    readonly clock: Clock,
  ) {}

  /** How long to wait before sending audio of that length, which is counted as sent. */
  waitMs(durationMs: number): number {
    if (this.times === 0 || durationMs === 0) return 0;
    const now = this.clock.nowMs();
    const waitMs = Math.max(0, this.#lastsMs - now - this.aheadMs / this.times);
    this.#lastsMs = Math.max(this.#lastsMs, now) + durationMs / this.times;
    return waitMs;
  }
}
