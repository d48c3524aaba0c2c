import { EngineError } from "#engine/errors";

/**
 * Cuts the bytes of a TCP stream into messages, however the network has split or joined them.
 * @param lengthOf how long the message at the beginning of the bytes is, with its header; undefined while too few are there to tell. Throws
 *   VENDOR_PROTOCOL for what can be no message.
 */
export class StreamFraming {
  #parts: Uint8Array[] = [];
  #bytes = 0;

  constructor(
    readonly lengthOf: (head: Uint8Array) => number | undefined,
    readonly mostBytes = 8 * 2 ** 20,
  ) {}

  /** Bytes that wait for the rest of their message. */
  get held(): number {
    return this.#bytes;
  }

  /** The messages that became whole; each is a copy of its own. */
  push(chunk: Uint8Array): Uint8Array[] {
    this.#parts.push(chunk);
    this.#bytes += chunk.length;
    const messages: Uint8Array[] = [];
    let all = this.#joined();
    for (;;) {
      const length = all.length > 0 ? this.lengthOf(all) : undefined;
      if (length !== undefined && length > this.mostBytes)
        throw new EngineError(
          "VENDOR_PROTOCOL",
          `a message of ${length} bytes came; at most ${this.mostBytes} are taken`,
        );
      if (length === undefined || length > all.length) break;
      messages.push(all.slice(0, length));
      all = all.subarray(length);
    }
    this.#parts = all.length > 0 ? [all] : [];
    this.#bytes = all.length;
    return messages;
  }

  #joined(): Uint8Array {
    const [only] = this.#parts;
    if (this.#parts.length === 1 && only) return only;
    const all = new Uint8Array(this.#bytes);
    let at = 0;
    for (const part of this.#parts) {
      all.set(part, at);
      at += part.length;
    }
    return all;
  }
}
