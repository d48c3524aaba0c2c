import type { Clock } from "#engine/plugin";
import { sleepOn } from "./system-clock.ts";

/** A clock that knows how many of its timers are pending. */
export class CountingClock implements Clock {
  pending = 0;

  constructor(readonly inner: Clock) {}

  get virtual(): boolean {
    return this.inner.virtual;
  }

  nowMs(): number {
    return this.inner.nowMs();
  }

  after(ms: number, call: () => void): () => void {
    this.pending++;
    let open = true;
    const settle = () => {
      if (open) this.pending--;
      open = false;
    };
    const callOff = this.inner.after(ms, () => {
      settle();
      call();
    });
    return () => {
      settle();
      callOff();
    };
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return sleepOn(this, ms, signal);
  }
}
