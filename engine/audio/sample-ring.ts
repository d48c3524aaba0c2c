/**
 * The latest samples of a stream, up to a fixed number: what came before is forgotten. Serves as pre-roll and as look-back; memory is
 * taken once.
 */
export class SampleRing {
  readonly #samples: Int16Array;
  #first = 0;
  #length = 0;

  /** @param capacity in single samples, at least 1; a multiple of the channels where audio is interleaved. */
  constructor(readonly capacity: number) {
    this.#samples = new Int16Array(capacity);
  }

  get length(): number {
    return this.#length;
  }

  /** Appends, and returns how many of the oldest samples gave way (those of `pcm` that never fitted included). */
  push(pcm: Int16Array): number {
    const kept = pcm.length > this.capacity ? pcm.subarray(pcm.length - this.capacity) : pcm;
    const forgotten = Math.max(0, this.#length + kept.length - this.capacity);
    this.#first = (this.#first + forgotten) % this.capacity;
    this.#length -= forgotten;
    const end = (this.#first + this.#length) % this.capacity;
    const straight = Math.min(kept.length, this.capacity - end);
    this.#samples.set(kept.subarray(0, straight), end);
    this.#samples.set(kept.subarray(straight), 0);
    this.#length += kept.length;
    return forgotten + pcm.length - kept.length;
  }

  /** Takes the oldest samples out, at most `count` of them, in an array that the caller owns. */
  shift(count: number): Int16Array {
    const taken = this.#copy(Math.min(count, this.#length));
    this.#first = (this.#first + taken.length) % this.capacity;
    this.#length -= taken.length;
    return taken;
  }

  /** All samples, oldest first, in an array that the caller owns; they stay. */
  toArray(): Int16Array {
    return this.#copy(this.#length);
  }

  clear(): void {
    this.#length = 0;
  }

  #copy(count: number): Int16Array {
    const copy = new Int16Array(count);
    const straight = Math.min(count, this.capacity - this.#first);
    copy.set(this.#samples.subarray(this.#first, this.#first + straight));
    copy.set(this.#samples.subarray(0, count - straight), straight);
    return copy;
  }
}
