import type { RunMessage } from "../messages.ts";

/** What a follower reads: stored messages by id, and how far they are stored. */
export interface Source {
  /** Of the last message that is stored. */
  readonly storedId: number;
  /** Stored messages after an id, in order; fewer than asked for only at the end. */
  storedAfter(id: number, limit: number): Promise<readonly RunMessage[]>;
}

export interface Reader {
  /** False: taken, and no more until `resume`. */
  take(message: RunMessage): boolean;
  /** Messages that cannot be had again were dropped. */
  missed(messages: number, lastId: number): boolean;
  /** Reading what is stored failed: nothing follows. */
  failed(error: unknown): void;
}

/** So many messages wait for a slow reader before it has to read them from the store again. */
const MOST_WAITING = 1000;
const PAGE = 200;

/**
 * Brings one reader all durable messages of a run, in order and once each, from any id on, and live ones between them as far as it keeps up.
 * A reader that does not keep up goes back to reading from the store, and is told how many live ones it missed.
 */
export class Follower {
  #lastId: number;
  #waiting: RunMessage[] = [];
  /** Durable messages are to be read from the store. */
  #behind: boolean;
  #reading = false;
  #blocked = false;
  #missed = 0;
  #closed = false;

  /** @param after the id after which it reads; undefined: only what comes from now on. */
  constructor(
    private readonly source: Source,
    private readonly reader: Reader,
    after: number | undefined,
    private readonly wanted: (message: RunMessage) => boolean,
  ) {
    this.#lastId = after ?? source.storedId;
    this.#behind = this.#lastId < source.storedId;
    if (this.#behind) void this.#catchUp();
  }

  get lastId(): number {
    return this.#lastId;
  }

  /** Everything that is stored was handed over. */
  get idle(): boolean {
    return !this.#behind && this.#waiting.length === 0;
  }

  /** A message that is stored by now, or that never will be. */
  offer(message: RunMessage): void {
    if (this.#closed) return;
    if (message.id !== undefined && message.id <= this.#lastId) return;
    if (!this.#behind && !this.#blocked) return this.#hand(message);
    if (this.#behind) {
      if (message.id === undefined && this.wanted(message)) this.#missed++;
      return;
    }
    this.#waiting.push(message);
    if (this.#waiting.length > MOST_WAITING) this.#fallBehind();
  }

  /** The reader has room again. */
  resume(): void {
    if (!this.#blocked || this.#closed) return;
    this.#blocked = false;
    if (this.#behind) return void this.#catchUp();
    this.#drain();
  }

  close(): void {
    this.#closed = true;
    this.#waiting = [];
  }

  #hand(message: RunMessage): void {
    if (message.id !== undefined) this.#lastId = message.id;
    if (this.wanted(message) && !this.reader.take(message)) this.#blocked = true;
  }

  #drain(): void {
    while (!this.#blocked && !this.#closed) {
      const message = this.#waiting.shift();
      if (!message) return;
      this.#hand(message);
    }
  }

  #fallBehind(): void {
    for (const message of this.#waiting) if (message.id === undefined && this.wanted(message)) this.#missed++;
    this.#waiting = [];
    this.#behind = true;
  }

  async #catchUp(): Promise<void> {
    if (this.#reading) return;
    this.#reading = true;
    try {
      while (this.#behind && !this.#blocked && !this.#closed) {
        // what is stored while the answer is under way may be in it or not
        const surelyStoredId = this.source.storedId;
        const page = await this.source.storedAfter(this.#lastId, PAGE);
        for (const message of page) {
          if (this.#blocked || this.#closed) break;
          this.#hand(message);
        }
        if (page.length > 0) continue;
        // ids up to here are of messages that were not kept
        if (this.#lastId < surelyStoredId) this.#lastId = surelyStoredId;
        if (!this.#blocked && this.#lastId >= this.source.storedId) this.#caughtUp();
      }
    } catch (error) {
      if (!this.#closed) this.reader.failed(error);
    } finally {
      this.#reading = false;
    }
  }

  #caughtUp(): void {
    this.#behind = false;
    const missed = this.#missed;
    this.#missed = 0;
    if (missed > 0 && !this.reader.missed(missed, this.#lastId)) this.#blocked = true;
  }
}
