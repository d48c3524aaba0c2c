/** So many of the latest are remembered of each, for the share of slow ones. */
const REMEMBERED = 256;

/** How long something took at nodes of one type, over all runs of the process. */
export interface TimeLine<What extends string = string> {
  readonly type: string;
  /** Which of the things that are measured. */
  readonly what: What;
  readonly count: number;
  readonly seconds: number;
  /** Of the latest 256. */
  readonly p50Ms: number;
  readonly p99Ms: number;
}

interface Entry<What> {
  readonly type: string;
  readonly what: What;
  count: number;
  sumMs: number;
  /** The latest, as a ring. */
  readonly latest: number[];
}

/** What the runs of a process measured, in plain fields that are read when somebody asks for the metrics. */
export class TimeBook<What extends string> {
  readonly #entries = new Map<string, Entry<What>>();

  add(type: string, what: What, ms: number): void {
    const key = `${type} ${what}`;
    let entry = this.#entries.get(key);
    if (!entry) {
      entry = { type, what, count: 0, sumMs: 0, latest: [] };
      this.#entries.set(key, entry);
    }
    entry.latest[entry.count % REMEMBERED] = ms;
    entry.count++;
    entry.sumMs += ms;
  }

  lines(): TimeLine<What>[] {
    return [...this.#entries.values()].map(({ type, what, count, sumMs, latest }) => {
      const sorted = [...latest].sort((a, b) => a - b);
      const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
      return { type, what, count, seconds: sumMs / 1000, p50Ms: at(0.5), p99Ms: at(0.99) };
    });
  }
}
