import type { Received, TaskInput } from "../node.ts";
import type { Item } from "./replay.ts";

/**
 * The outer input as one instance after another reads it: what is to be replayed comes first. A frame that was asked for by an instance
 * which then failed stays here for the next one.
 */
export class Feed {
  #queue: Item[] = [];
  #filling: Promise<boolean> | undefined;
  #ended = false;

  /** @param onEnded told when the outer input rejects, which is the end of the run. */
  constructor(
    readonly input: TaskInput,
    readonly onEnded: (reason: unknown) => void,
  ) {}

  /** Puts items before all that was not read yet. */
  putBack(items: readonly Item[]): void {
    this.#queue = [...items, ...this.#queue];
  }

  /** Puts an item behind all that was read from the input so far. */
  append(item: Item): void {
    this.#queue.push(item);
  }

  /** Items that were read from the input but not taken. */
  get waiting(): readonly Item[] {
    return this.#queue;
  }

  /** Waits until `take` has something; false when it never will. */
  ready(): boolean | Promise<boolean> {
    if (this.#queue.length > 0) return true;
    if (this.#ended) return false;
    this.#filling ??= this.input.next().then(this.#filled, this.#failed);
    return this.#filling;
  }

  /** The next item if one is there. */
  take(): Item | undefined {
    if (this.#queue.length > 0) return this.#queue.shift();
    return this.#filling || this.#ended ? undefined : this.input.poll();
  }

  /** Another may have taken what came: then `ready` is asked again. */
  readonly #filled = (received: Received | undefined): boolean | Promise<boolean> => {
    this.#filling = undefined;
    if (received) this.#queue.push(received);
    else this.#ended = true;
    return this.#queue.length > 0;
  };

  readonly #failed = (reason: unknown): never => {
    this.#filling = undefined;
    this.onEnded(reason);
    throw reason;
  };
}
