import { DelayBook } from "./delay-book.ts";

/** What a frame costs in calls that begin at nodes of one type, over all runs of the process. */
export interface CallLine {
  readonly type: string;
  /**
   * `emit`: a frame that a task hands on. `onFrame`: one that a node takes from its queue. `batch`: a frame's share of a call for many. Each with
   * all nodes behind it that run in the same call: one look at the clock in each of them would make the whole call slower by a fifth.
   */
  readonly hook: string;
  /** How many calls were timed, and what these took. */
  readonly count: number;
  readonly seconds: number;
  /** Of the latest 256, of the machine's time. */
  readonly p50Us: number;
  readonly p99Us: number;
}

/** One frame in so many is timed, and one call for many in 16: to read the clock twice costs more than to pass a frame on. */
const TIMED_FRAMES = 256;
const TIMED_BATCHES = 16;

/** Whether a frame of a node is timed. @param frames that it has taken, or handed on, this one included */
export const isTimed = (frames: number): boolean => (frames & (TIMED_FRAMES - 1)) === 0;

/** The same of a call for many. @param calls that were made, this one included */
export const isBatchTimed = (calls: number): boolean => (calls & (TIMED_BATCHES - 1)) === 0;

/** Samples of how long calls of nodes take, in plain fields that are read when somebody asks for the metrics. */
export class CallBook {
  readonly #book = new DelayBook();

  /** @param ms of the machine, for one frame */
  add(type: string, hook: "emit" | "onFrame" | "batch", ms: number): void {
    this.#book.add(type, hook, ms);
  }

  lines(): CallLine[] {
    return this.#book.lines().map(({ type, delay: hook, count, seconds, p50Ms, p99Ms }) => ({
      type,
      hook,
      count,
      seconds,
      p50Us: 1000 * p50Ms,
      p99Us: 1000 * p99Ms,
    }));
  }
}
