import { type AudioFrame, endSample, msToSamples, sampleCount } from "../../frames/index.ts";

/** The last audio that was not sent: what lies before an opening mark is taken from it. */
export class PreRoll {
  #frames: AudioFrame[] = [];
  #samples = 0;

  /** @param keptMs how far it reaches back. */
  constructor(readonly keptMs: number) {}

  get samples(): number {
    return this.#samples;
  }

  /** Keeps a frame; returns how many samples per channel fell out at the other end. */
  push(frame: AudioFrame): number {
    this.#frames.push(frame);
    this.#samples += sampleCount(frame);
    const most = msToSamples(this.keptMs, frame.sampleRateHz);
    let fallen = 0;
    for (let first = this.#frames[0]; first && this.#samples - sampleCount(first) >= most; first = this.#frames[0]) {
      this.#frames.shift();
      this.#samples -= sampleCount(first);
      fallen += sampleCount(first);
    }
    return fallen;
  }

  /** Everything from a position on, and how many samples before it are given up. */
  takeFrom(position: number): { readonly frames: AudioFrame[]; readonly before: number } {
    const all = this.#frames;
    const kept = all.filter((frame) => endSample(frame) > position);
    const before = all.filter((frame) => !kept.includes(frame)).reduce((sum, frame) => sum + sampleCount(frame), 0);
    this.#frames = [];
    this.#samples = 0;
    return { frames: kept, before };
  }
}
