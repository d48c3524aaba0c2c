import type { Clock } from "#engine/plugin";
import { quantile } from "./runs/usage.ts";

const EVERY_MS = 100;
/** Ten seconds of looks. */
const REMEMBERED = 100;
/** Two seconds of them. */
const RECENT = 20;

/** How late the event loop of the process is: what a timer that is due now has to wait. */
export class Lateness {
  readonly #late: number[] = [];
  #callOff: () => void = () => {};

  constructor(private readonly clock: Clock) {}

  start(): void {
    if (this.clock.virtual) return; // it is never late
    const dueMs = this.clock.nowMs() + EVERY_MS;
    this.#callOff = this.clock.after(EVERY_MS, () => {
      this.#late.push(Math.max(0, this.clock.nowMs() - dueMs));
      if (this.#late.length > REMEMBERED) this.#late.shift();
      this.start();
    });
  }

  stop(): void {
    this.#callOff();
  }

  /** What half of the last two seconds were later than: a single long turn is no load, and does not move it. */
  get sustainedMs(): number {
    const recent = this.#late.slice(-RECENT).sort((a, b) => a - b);
    return recent.length < RECENT ? 0 : quantile(recent, 0.5);
  }

  /** Of the last ten seconds. */
  quantiles(): { readonly p50: number; readonly p99: number } {
    if (this.#late.length === 0) return { p50: 0, p99: 0 };
    const sorted = [...this.#late].sort((a, b) => a - b);
    return { p50: quantile(sorted, 0.5), p99: quantile(sorted, 0.99) };
  }
}
