import type { AudioFrame } from "../../frames/index.ts";

/** The newest frames of a mono stream, up to a length in samples. Holds the frames themselves. */
export class FrameRing {
  readonly #frames: AudioFrame[] = [];
  #samples = 0;

  constructor(readonly maxSamples: number) {}

  get samples(): number {
    return this.#samples;
  }

  /** Takes a frame in. @returns how many samples fell out at the other end, which may be all of it. */
  push(frame: AudioFrame): number {
    this.#frames.push(frame);
    this.#samples += frame.pcm.length;
    let lost = 0;
    while (this.#samples > this.maxSamples) lost += this.#shift()?.pcm.length ?? 0;
    return lost;
  }

  /** Drops the frames that begin before a position. @returns how many samples they held. */
  dropBefore(startSample: number): number {
    let lost = 0;
    while (this.#frames.length > 0 && this.#frames[0]!.startSample < startSample)
      lost += this.#shift()?.pcm.length ?? 0;
    return lost;
  }

  /** Hands all frames out, oldest first, and is empty then. */
  takeAll(): AudioFrame[] {
    this.#samples = 0;
    return this.#frames.splice(0);
  }

  #shift(): AudioFrame | undefined {
    const frame = this.#frames.shift();
    if (frame) this.#samples -= frame.pcm.length;
    return frame;
  }
}
