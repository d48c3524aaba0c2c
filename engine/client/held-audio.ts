import { EngineError } from "#engine/errors";

interface Chunk {
  readonly bytes: Uint8Array;
  /** In bytes from the beginning of what was ever put in. */
  readonly at: number;
}

/** A message carries at most so much audio. */
const PIECE_BYTES = 32 * 1024;

/**
 * What a sender holds of one track: from the position that the server called kept to the end of what was put in. What was sent and is not
 * kept can be sent again.
 */
export class HeldAudio {
  readonly #chunks: Chunk[] = [];
  #end = 0;
  #sent = 0;
  #base = 0;
  #frameBytes = 1;
  #known = false;
  readonly #mostBytes: number;

  constructor(mostBytes: number) {
    this.#mostBytes = mostBytes;
  }

  get heldBytes(): number {
    const first = this.#chunks[0];
    return first ? this.#end - first.at : 0;
  }

  /** All that was put in was sent, as far as it makes whole samples. */
  get allSent(): boolean {
    return this.#end - this.#sent < this.#frameBytes;
  }

  /** @param bytes are copied. @throws EngineError FLOW_EXCEEDED where more would be held than allowed. */
  put(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    if (this.heldBytes + bytes.length > this.#mostBytes)
      throw new EngineError(
        "FLOW_EXCEEDED",
        `the server has not kept what was sent, and ${this.#mostBytes} bytes are held`,
      );
    this.#chunks.push({ bytes: bytes.slice(), at: this.#end });
    this.#end += bytes.length;
  }

  /**
   * The server names the position to go on from. The first time that is where this sender begins.
   * @param frameBytes of one sample of all channels.
   */
  goOn(received: number, frameBytes: number): void {
    if (!this.#known) {
      this.#known = true;
      this.#base = received;
      this.#frameBytes = frameBytes;
    }
    const first = this.#chunks[0]?.at ?? this.#end;
    this.#sent = Math.min(Math.max(this.#toBytes(received), first), this.#end);
  }

  /** What lies before is safe with the server. */
  drop(kept: number): void {
    if (!this.#known) return;
    const safe = Math.min(this.#toBytes(kept), this.#sent);
    while (this.#chunks[0] && this.#chunks[0].at + this.#chunks[0].bytes.length <= safe) this.#chunks.shift();
  }

  /** The first sample that is still held; undefined before the server named a position. */
  get holds(): number | undefined {
    return this.#known ? Math.ceil(this.#toSamples(this.#chunks[0]?.at ?? this.#end)) : undefined;
  }

  /** The next piece to send, whole samples only, up to that position; undefined where there is none. */
  next(limit: number): { readonly startSample: number; readonly bytes: Uint8Array } | undefined {
    const from = this.#sent;
    const chunk = this.#chunks.find((each) => each.at + each.bytes.length > from);
    if (!chunk) return undefined;
    const most = Math.min(this.#end, from + PIECE_BYTES, this.#toBytes(limit));
    const length = Math.floor((most - from) / this.#frameBytes) * this.#frameBytes;
    if (length <= 0) return undefined;
    this.#sent = from + length;
    return { startSample: this.#toSamples(from), bytes: this.#copy(from, length) };
  }

  #copy(from: number, length: number): Uint8Array {
    const bytes = new Uint8Array(length);
    for (const chunk of this.#chunks) {
      const begin = Math.max(from, chunk.at);
      const end = Math.min(from + length, chunk.at + chunk.bytes.length);
      if (begin < end) bytes.set(chunk.bytes.subarray(begin - chunk.at, end - chunk.at), begin - from);
    }
    return bytes;
  }

  #toBytes = (samples: number): number => (samples - this.#base) * this.#frameBytes;
  #toSamples = (bytes: number): number => this.#base + bytes / this.#frameBytes;
}
