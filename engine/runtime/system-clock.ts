import type { Clock } from "#engine/plugin";

/** The machine's monotonic clock, counted from when it was made. */
export class SystemClock implements Clock {
  readonly virtual = false;
  readonly #startedMs = performance.now();

  nowMs(): number {
    return performance.now() - this.#startedMs;
  }

  after(ms: number, call: () => void): () => void {
    // A fractional timeout fires early in Bun, so it is rounded up.
    const timer = setTimeout(call, Math.max(0, Math.ceil(ms)));
    return () => clearTimeout(timer);
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return sleepOn(this, ms, signal);
  }
}

/** `Clock.sleep` made from `Clock.after`. */
export function sleepOn(clock: Pick<Clock, "after">, ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const onAbort = () => {
      callOff();
      reject(signal?.reason);
    };
    const callOff = clock.after(ms, () => {
      signal?.removeEventListener("abort", onAbort);
      resolve();
    });
    signal?.addEventListener("abort", onAbort, { once: true });
  });
}
