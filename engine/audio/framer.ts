import { EngineError } from "../errors/index.ts";
import { type AudioFormat, msToSamples } from "../frames/index.ts";

export interface FramerFormat extends AudioFormat {
  /** May be a fraction; at least one sample long. */
  readonly frameMs: number;
}

const NOTHING = new Int16Array(0);

/**
 * Cuts chunks of any length into frames of one length. Frame n begins at round(n * rate * ms / 1000) after the first sample, so 10 ms at
 * 22,050 Hz are frames of 221 and 220 samples in turn and the half samples never add up to a drift.
 */
export class Framer {
  readonly #format: FramerFormat;
  /** Made for the first chunk that is no whole frame: where whole ones come, it would lie there for nothing. */
  #pending = NOTHING;
  #filled = 0;
  #frame = 0;
  #length: number;
  /** All frames have that length. */
  readonly #even: boolean;

  /** @throws EngineError AUDIO_FORMAT_UNSUPPORTED when a frame would be shorter than one sample. */
  constructor(format: FramerFormat) {
    this.#format = format;
    if (!(format.sampleRateHz * format.frameMs >= 1000))
      throw new EngineError(
        "AUDIO_FORMAT_UNSUPPORTED",
        `a frame of ${format.frameMs} ms at ${format.sampleRateHz} Hz has not one whole sample`,
      );
    this.#length = this.#lengthOf(0);
    this.#even = (format.sampleRateHz * format.frameMs) % 1000 === 0;
  }

  /** Samples per channel of the frame that is being filled. */
  get nextLength(): number {
    return this.#length;
  }

  /** Samples per channel that wait for the rest of their frame. */
  get held(): number {
    return this.#filled / this.#format.channels;
  }

  /**
   * Takes a chunk and hands out every frame that became whole, in arrays that the receiver owns.
   * @param pcm interleaved, whole sample tuples; not kept.
   */
  push(pcm: Int16Array, take: (frame: Int16Array) => void): void {
    this.#cut(pcm, take, false);
  }

  /** The same for a chunk that the caller gives away: frames that lie in it whole are views of it, and keep all of it alive. */
  give(pcm: Int16Array, take: (frame: Int16Array) => void): void {
    this.#cut(pcm, take, true);
  }

  #cut(pcm: Int16Array, take: (frame: Int16Array) => void, given: boolean): void {
    let at = 0;
    while (at < pcm.length) {
      const wanted = this.#length * this.#format.channels;
      if (this.#filled === 0 && pcm.length - at >= wanted) {
        this.#advance();
        take(given ? pcm.subarray(at, at + wanted) : pcm.slice(at, at + wanted));
        at += wanted;
        continue;
      }
      const part = Math.min(wanted - this.#filled, pcm.length - at);
      if (this.#pending === NOTHING) this.#pending = new Int16Array(wanted + this.#format.channels);
      this.#pending.set(pcm.subarray(at, at + part), this.#filled);
      this.#filled += part;
      at += part;
      if (this.#filled === wanted) {
        const frame = this.#pending.slice(0, wanted);
        this.#advance();
        take(frame);
      }
    }
  }

  /** Counts a frame that already has `nextLength` and was passed around the framer. Only while nothing is held. */
  skip(): void {
    if (this.#filled !== 0) throw new Error("Framer.skip() with samples held: they would come out of order");
    this.#advance();
  }

  /** What was left over, shorter than a frame and perhaps empty. The next chunk begins a new count of frames. */
  rest(): Int16Array {
    const rest = this.#pending.slice(0, this.#filled);
    this.#filled = 0;
    this.#frame = 0;
    this.#length = this.#lengthOf(0);
    return rest;
  }

  #advance(): void {
    this.#filled = 0;
    if (this.#even) return;
    this.#frame += 1;
    this.#length = this.#lengthOf(this.#frame);
  }

  #lengthOf(frame: number): number {
    const { frameMs, sampleRateHz } = this.#format;
    return msToSamples((frame + 1) * frameMs, sampleRateHz) - msToSamples(frame * frameMs, sampleRateHz);
  }
}
