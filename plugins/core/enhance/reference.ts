/** What the loudspeaker played, by position; bounded, the oldest goes. What is not known is silence. */
export class Reference {
  readonly #ring: Int16Array;
  #end = 0;
  #ended = false;

  /** @param keepSamples for how long it is kept. */
  constructor(keepSamples: number) {
    this.#ring = new Int16Array(keepSamples);
  }

  /** Up to here it was told what played; everything, once it has ended. */
  get knownTo(): number {
    return this.#ended ? Number.POSITIVE_INFINITY : this.#end;
  }

  push(pcm: Int16Array, startSample: number): void {
    const { length } = this.#ring;
    // between two pieces, and where a piece overtakes the whole ring, it was silent
    for (let at = Math.max(this.#end, startSample - length); at < startSample; at++) this.#ring[at % length] = 0;
    const skip = Math.max(0, pcm.length - length);
    for (let i = skip; i < pcm.length; i++) {
      const at = startSample + i;
      if (at > this.#end - length) this.#ring[at % length] = pcm[i]!;
    }
    this.#end = Math.max(this.#end, startSample + pcm.length);
  }

  /** What was told of this place and behind it is taken back. */
  forgetFrom(sample: number): void {
    this.#end = Math.min(this.#end, sample);
  }

  end(): void {
    this.#ended = true;
  }

  read(from: number, samples: number): Int16Array {
    const { length } = this.#ring;
    const out = new Int16Array(samples);
    for (let i = 0; i < samples; i++) {
      const at = from + i;
      if (at >= 0 && at < this.#end && at >= this.#end - length) out[i] = this.#ring[at % length]!;
    }
    return out;
  }
}
