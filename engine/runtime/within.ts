/**
 * The outcome of `work`, or a rejection with `late()` when the machine's own clock has passed `ms` first: the bound on what no other clock
 * can bound. What `work` does after that is not looked at.
 */
export function within<T>(work: Promise<T>, ms: number, late: () => Error): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(late()), ms);
    work.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
