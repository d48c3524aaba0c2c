/** So many of the latest are remembered of each, for the share of slow ones. */
const REMEMBERED = 256;

/** The delays of nodes of one type, over all runs of the process. */
export interface DelayLine {
  readonly type: string;
  readonly delay: string;
  readonly count: number;
  readonly seconds: number;
  /** Of the latest 256. */
  readonly p50Ms: number;
  readonly p99Ms: number;
}

interface Entry {
  readonly type: string;
  readonly delay: string;
  count: number;
  sumMs: number;
  /** The latest, as a ring. */
  readonly latest: number[];
}

/** What the runs of a process measured, in plain fields that are read when somebody asks for the metrics. */
export class DelayBook {
  readonly #entries = new Map<string, Entry>();

  add(type: string, delay: string, ms: number): void {
    const key = `${type} ${delay}`;
    let entry = this.#entries.get(key);
    if (!entry) {
      entry = { type, delay, count: 0, sumMs: 0, latest: [] };
      this.#entries.set(key, entry);
    }
    entry.latest[entry.count % REMEMBERED] = ms;
    entry.count++;
    entry.sumMs += ms;
  }

  lines(): DelayLine[] {
    return [...this.#entries.values()].map(({ type, delay, count, sumMs, latest }) => {
      const sorted = [...latest].sort((a, b) => a - b);
      const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
      return { type, delay, count, seconds: sumMs / 1000, p50Ms: at(0.5), p99Ms: at(0.99) };
    });
  }
}
