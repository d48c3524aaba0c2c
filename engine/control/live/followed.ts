import { asEngineError, type EngineError } from "#engine/errors";
import type { Followed, FollowRequest, RunState } from "../api/runs.ts";
import { Follower, type Source } from "./follower.ts";
import { wanted } from "./session.ts";

/** What a reader that pulls has not taken yet; beyond, it waits in the follower. */
const MOST_READY = 100;

/** Where live messages come from; a run that is over has none. */
interface Feed {
  readonly followers: Set<Follower>;
  readonly state: RunState;
}

/** Events of a run for a reader that pulls: ends after `run.ended` or `interrupted`, or when the signal aborts. */
export function followed(source: Source, feed: Feed | undefined, request: FollowRequest): AsyncIterable<Followed> {
  return { [Symbol.asyncIterator]: () => new FollowedIterator(source, feed, request) };
}

class FollowedIterator implements AsyncIterator<Followed> {
  readonly #ready: Followed[] = [];
  readonly #follower: Follower;
  #waiting: ((result: IteratorResult<Followed>) => void) | undefined;
  #error: EngineError | undefined;
  #over = false;

  constructor(
    source: Source,
    private readonly feed: Feed | undefined,
    private readonly request: FollowRequest,
  ) {
    this.#follower = new Follower(
      source,
      {
        take: (event) => {
          const interrupted = event.type === "run.state" && event.data.state === "interrupted";
          // a run that was interrupted and taken up again has more to tell
          const last = feed ? interrupted && feed.state === "interrupted" : (event.id ?? 0) >= source.storedId;
          if (event.type === "run.ended" || last) this.#end();
          return this.#put({ type: "event", event });
        },
        missed: (events, lastId) => this.#put({ type: "missed", events, lastId }),
        failed: (error) => {
          this.#error = asEngineError(error, "STORE_FAILED", "events");
          this.#end();
        },
      },
      request.after ?? 0,
      wanted(request),
    );
    feed?.followers.add(this.#follower);
    request.signal.addEventListener("abort", this.#end, { once: true });
    if (request.signal.aborted || (!feed && this.#follower.idle)) this.#end();
  }

  async next(): Promise<IteratorResult<Followed>> {
    const ready = this.#ready.shift();
    if (ready) {
      if (this.#ready.length === 0) this.#follower.resume();
      return { done: false, value: ready };
    }
    if (this.#error) throw this.#error;
    if (this.#over) return { done: true, value: undefined };
    return new Promise((resolve) => {
      this.#waiting = resolve;
    });
  }

  async return(): Promise<IteratorResult<Followed>> {
    this.#end();
    this.#ready.length = 0;
    return { done: true, value: undefined };
  }

  #put(item: Followed): boolean {
    const waiting = this.#waiting;
    if (waiting) {
      this.#waiting = undefined;
      waiting({ done: false, value: item });
      return true;
    }
    this.#ready.push(item);
    return this.#ready.length < MOST_READY;
  }

  readonly #end = (): void => {
    if (this.#over) return;
    this.#over = true;
    this.feed?.followers.delete(this.#follower);
    this.request.signal.removeEventListener("abort", this.#end);
    if (this.request.signal.aborted || this.#error) this.#follower.close();
    // what `take` is handing over at this moment still goes out before
    queueMicrotask(() => {
      if (this.#ready.length > 0 || !this.#waiting) return;
      const waiting = this.#waiting;
      this.#waiting = undefined;
      waiting({ done: true, value: undefined });
    });
  };
}
