import type { Connection, ConnectionEnd, Message } from "#engine/plugin";

/** Received bytes beyond which a reader that does not read loses its connection. */
const MOST_QUEUED_BYTES = 64 * 2 ** 20;

let connections = 0;

/** The reader's side of a connection: a queue of what came, and its end. */
export abstract class QueuedConnection implements Connection {
  readonly id = `c${++connections}`;
  abstract readonly kind: Connection["kind"];
  readonly closed: Promise<ConnectionEnd>;
  readonly #resolveClosed: (end: ConnectionEnd) => void;
  readonly #queue: Message[] = [];
  #queuedBytes = 0;
  #reader: ((message: Message | undefined) => void) | undefined;
  #signs = 0;
  #over: ConnectionEnd | undefined;

  constructor() {
    const { promise, resolve } = Promise.withResolvers<ConnectionEnd>();
    this.closed = promise;
    this.#resolveClosed = resolve;
  }

  abstract send(message: Message): void;
  abstract readonly bufferedBytes: number;
  abstract drained(): Promise<void>;
  abstract ping(): void;
  abstract close(code?: number, reason?: string): void;
  abstract destroy(): void;

  get signs(): number {
    return this.#signs;
  }

  /** What came and was not taken yet. */
  get queuedBytes(): number {
    return this.#queuedBytes;
  }

  /** The end, once there was one. */
  get end(): ConnectionEnd | undefined {
    return this.#over;
  }

  receive(): Promise<Message | undefined> {
    const message = this.#queue.shift();
    if (message !== undefined) {
      this.#queuedBytes -= message.length;
      this.taken();
      return Promise.resolve(message);
    }
    if (this.#over) return Promise.resolve(undefined);
    if (this.#reader) return Promise.reject(new Error("a connection has one reader"));
    return new Promise((resolve) => {
      this.#reader = resolve;
    });
  }

  async *[Symbol.asyncIterator](): AsyncIterator<Message> {
    for (let message = await this.receive(); message !== undefined; message = await this.receive()) yield message;
  }

  /** Told when the reader took something that had waited. */
  protected taken(): void {}

  /** Something was heard that is no message, such as a pong. */
  protected heardSign(): void {
    this.#signs++;
  }

  /** @param message belongs to the reader from here on. */
  protected heard(message: Message): void {
    if (this.#over) return;
    this.#signs++;
    const reader = this.#reader;
    if (reader) {
      this.#reader = undefined;
      return reader(message);
    }
    this.#queue.push(message);
    this.#queuedBytes += message.length;
    if (this.#queuedBytes > MOST_QUEUED_BYTES) this.destroy();
  }

  /** Only the first end counts. */
  protected ended(end: ConnectionEnd): void {
    if (this.#over) return;
    this.#over = end;
    this.#reader?.(undefined);
    this.#reader = undefined;
    this.#resolveClosed(end);
  }
}
