import type { Clock } from "../clock.ts";

/**
 * The outcome of `work`, or a rejection with `late()` once `ms` of the run's clock have passed, or with the signal's reason.
 * @param ms 0 is no bound.
 */
export function bounded<T>(
  work: Promise<T>,
  clock: Clock,
  ms: number,
  late: () => Error,
  signal?: AbortSignal,
): Promise<T> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      work.catch(() => {}); // nobody looks at it any more
      return reject(signal.reason);
    }
    const onAbort = () => reject(signal?.reason);
    signal?.addEventListener("abort", onAbort, { once: true });
    const callOff = ms > 0 ? clock.after(ms, () => reject(late())) : undefined;
    work.then(resolve, reject).finally(() => {
      callOff?.();
      signal?.removeEventListener("abort", onAbort);
    });
  });
}
