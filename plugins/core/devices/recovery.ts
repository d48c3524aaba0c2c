import { EngineError, type NodeContext } from "#engine/plugin";
import type { DeviceTimes } from "./settings.ts";

/** Keeps account of a device that comes and goes, and tells it: `{ type: "device", state, code, reason }`. */
export class Recovery {
  #lostAtMs: number | undefined;
  #everOpen = false;

  constructor(
    private readonly ctx: NodeContext,
    private readonly times: DeviceTimes,
    private readonly what: "microphone" | "speaker",
  ) {}

  /** Samples move. */
  moving(): void {
    if (this.#everOpen && this.#lostAtMs === undefined) return;
    const again = this.#lostAtMs !== undefined;
    this.#everOpen = true;
    this.#lostAtMs = undefined;
    this.ctx.report({ type: "device", state: again ? "reopened" : "open" });
  }

  /**
   * The device is gone, or was never there. Resolves when it is time for another attempt.
   * @throws EngineError DEVICE_UNAVAILABLE where it never opened, DEVICE_LOST where it did not come back in time.
   */
  async lost(reason: string, signal: AbortSignal): Promise<void> {
    const { clock } = this.ctx;
    if (!this.#everOpen) throw new EngineError("DEVICE_UNAVAILABLE", `the ${this.what} cannot be opened: ${reason}`);
    if (this.#lostAtMs === undefined) {
      this.#lostAtMs = clock.nowMs();
      this.ctx.count("deviceLost");
      this.ctx.report({ type: "device", state: "lost", code: "DEVICE_LOST", reason });
    }
    if (clock.nowMs() + this.times.reopenEveryMs - this.#lostAtMs > this.times.reopenForMs)
      throw new EngineError("DEVICE_LOST", `the ${this.what} is gone: ${reason}`);
    await clock.sleep(this.times.reopenEveryMs, signal);
  }
}

/** Real devices know no other time. @throws EngineError CLOCK_REFUSES */
export function requireRealClock({ clock, nodeId }: NodeContext, what: string): void {
  if (clock.virtual)
    throw new EngineError("CLOCK_REFUSES", `${nodeId} reaches for a real ${what} under a virtual clock`);
}
