import type { Clock } from "#engine/plugin";

/** Takes one piece of interleaved PCM, a whole number of 10 ms frames. */
export type SendPcm = (pcm: Int16Array, samplesPerChannel: number) => void;

export interface ConsumerOptions {
  readonly sampleRateHz: number;
  readonly channels: number;
  /** 10 ms frames that are handed over ahead of time: 10 since release 2.2.1, 18 before. */
  readonly leadFrames?: 10 | 18;
  readonly clock: Pick<Clock, "nowMs">;
  readonly send: SendPcm;
}

const FRAME_MS = 10;
/** After the lead has been played: the vendor's allowance until a push counts as completed. */
const COMPLETED_AFTER_MS = 200;

/** The answer of `consume()` when too little is there to begin with; nothing is sent. */
export const UNDERFLOW = -2;
/** The answer after `release()`. */
export const RELEASED = -1;

/**
 * Hands speech that comes in bursts to a channel at its pace, as the vendor's `AudioConsumer` does: a lead at once, then what real time
 * asks for. Its clock is monotonic, and `flush` brings out what the vendor's leaves behind: an end shorter than the lead, or than 10 ms.
 */
export class AudioConsumer {
  readonly #lead: number;
  readonly #frameSamples: number;
  readonly #pieces: Int16Array[] = [];
  #samples = 0;
  /** When the first frame after the lead was due; undefined before anything was sent. */
  #startMs: number | undefined;
  /** 10 ms frames since then; the lead counts as negative. */
  #consumed = 0;
  #lastFilledMs = 0;
  #flushing = false;
  #released = false;

  constructor(private readonly options: ConsumerOptions) {
    const { sampleRateHz, channels, leadFrames = 10 } = options;
    this.#lead = leadFrames;
    this.#frameSamples = Math.floor(sampleRateHz / 100) * channels;
  }

  /** @param pcm of any length; the consumer keeps it, and the caller changes it no more. */
  push(pcm: Int16Array): void {
    if (this.#released || pcm.length === 0) return;
    this.#pieces.push(pcm);
    this.#samples += pcm.length;
    this.#flushing = false;
  }

  /** Samples of all channels that were pushed and not sent. */
  get length(): number {
    return this.#samples;
  }

  /**
   * Sends what is due; called from a timer, every 40 to 80 ms.
   * @returns 10 ms frames sent since the clock was started, the lead not counted; UNDERFLOW, RELEASED, or 0 when nothing is due.
   */
  consume(): number {
    if (this.#released) return RELEASED;
    const nowMs = this.options.clock.nowMs();
    if (this.#samples > 0) this.#lastFilledMs = nowMs;
    const available = Math.floor(this.#samples / this.#frameSamples);
    let due = this.#dueAt(nowMs);
    if (due > this.#lead) {
      if (available < this.#lead && !(this.#flushing && available > 0)) return UNDERFLOW;
      this.#startMs = nowMs;
      due = Math.min(this.#lead, available);
      this.#consumed = -due;
    }
    const frames = Math.min(due, available);
    if (frames < 1) return 0;
    this.#consumed += frames;
    this.options.send(this.#take(frames * this.#frameSamples), (frames * this.#frameSamples) / this.options.channels);
    return this.#consumed;
  }

  /** The utterance ends here: the last piece is made whole with silence, and goes out however short it is. */
  flush(): void {
    const tail = this.#samples % this.#frameSamples;
    if (tail > 0) this.push(new Int16Array(this.#frameSamples - tail));
    this.#flushing = this.#samples > 0;
  }

  /** Drops what was not sent. @returns how many samples of all channels. */
  clear(): number {
    const dropped = this.#samples;
    this.#pieces.length = 0;
    this.#samples = 0;
    this.#flushing = false;
    return dropped;
  }

  /** Whether all that was pushed must have been played by now. */
  get completed(): boolean {
    const goneMs = this.options.clock.nowMs() - this.#lastFilledMs;
    return this.#samples === 0 && goneMs > this.#lead * FRAME_MS + COMPLETED_AFTER_MS;
  }

  release(): void {
    this.clear();
    this.#released = true;
  }

  #dueAt(nowMs: number): number {
    if (this.#startMs === undefined) return Number.POSITIVE_INFINITY;
    return Math.floor((nowMs - this.#startMs) / FRAME_MS) - this.#consumed;
  }

  /** The first so many samples, in one piece. */
  #take(count: number): Int16Array {
    const taken = new Int16Array(count);
    let at = 0;
    while (at < count) {
      const piece = this.#pieces[0]!;
      const part = piece.subarray(0, count - at);
      taken.set(part, at);
      at += part.length;
      if (part.length === piece.length) this.#pieces.shift();
      else this.#pieces[0] = piece.subarray(part.length);
    }
    this.#samples -= count;
    return taken;
  }
}
