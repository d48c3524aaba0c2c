import { type Frame, positionMs } from "#engine/frames";
import type { Edge, Taker, Waiter } from "./edge.ts";

/** One queued edge into a node. */
export interface Feed {
  readonly edge: Edge;
  readonly port: string;
  readonly order: "time" | "arrival";
  /** Its end was counted. */
  settled: boolean;
}

/**
 * The queued edges into one node, merged.
 *
 * `time` orders by position in media time, then as listed: a frame is held while another edge is empty that may still bring an earlier
 * one, but only as long as anything else in the process can move at this instant. `arrival` takes them as they came.
 */
export class Inlet {
  readonly #byTime: boolean;
  /** Where there is one. */
  readonly only: Feed | undefined;
  /** Of `arrival`: the feeds in the order in which their frames came. Drops leave entries behind, which are skipped. */
  readonly #arrivals: Feed[] | undefined;

  constructor(
    readonly feeds: readonly Feed[],
    consumer: Waiter & Partial<Taker>,
  ) {
    this.only = feeds.length === 1 ? feeds[0] : undefined;
    this.#byTime = feeds.length > 1 && feeds.some((feed) => feed.order === "time");
    const arrivals: Feed[] | undefined = feeds.length > 1 && !this.#byTime ? [] : undefined;
    this.#arrivals = arrivals;
    for (const feed of feeds)
      if (arrivals) feed.edge.connect(new Arrivals(feed, arrivals, consumer), true);
      else feed.edge.connect(consumer);
    if (isTaker(consumer)) this.only?.edge.offerTo(consumer);
  }

  /** The feed to take from next: undefined where nothing is there, `wait` where patience may bring something earlier. */
  choose(impatient: boolean): Feed | "wait" | undefined {
    const only = this.only;
    if (only !== undefined) return only.edge.size > 0 ? only : undefined;
    return this.#byTime ? this.#earliest(impatient) : this.#oldest();
  }

  take(feed: Feed): Frame | undefined {
    const frame = feed.edge.shift();
    const arrivals = this.#arrivals;
    if (arrivals !== undefined && feed === arrivals[0]) arrivals.shift();
    return frame;
  }

  /** There is something left to take, or to end. */
  get unfinished(): boolean {
    if (this.only !== undefined) return this.only.edge.size > 0 || this.only.edge.ended;
    return this.feeds.some(({ edge }) => edge.size > 0 || edge.ended);
  }

  /** All edges have ended and are empty. */
  get exhausted(): boolean {
    for (const { edge } of this.feeds) if (!edge.ended || edge.size > 0) return false;
    return true;
  }

  #earliest(impatient: boolean): Feed | "wait" | undefined {
    let best: Feed | undefined;
    let bestMs = Number.POSITIVE_INFINITY;
    let open = false;
    for (const feed of this.feeds) {
      const head = feed.edge.peek();
      if (!head) {
        open ||= !feed.edge.ended;
        continue;
      }
      const ms = positionMs(head);
      if (ms < bestMs) {
        best = feed;
        bestMs = ms;
      }
    }
    return best && open && !impatient ? "wait" : best;
  }

  #oldest(): Feed | undefined {
    const arrivals = this.#arrivals ?? [];
    while (arrivals.length > 0) {
      const feed = arrivals[0]!;
      if (feed.edge.size > 0) return feed;
      arrivals.shift();
    }
    return this.feeds.find((feed) => feed.edge.size > 0);
  }
}

const isTaker = (consumer: Waiter & Partial<Taker>): consumer is Waiter & Taker => consumer.takesNow !== undefined;

/** Writes down that a frame came over one feed, and wakes who waits for it. */
class Arrivals implements Waiter {
  constructor(
    readonly feed: Feed,
    readonly arrivals: Feed[],
    readonly consumer: Waiter,
  ) {}

  wake(): void {
    this.arrivals.push(this.feed);
    this.consumer.wake();
  }
}
