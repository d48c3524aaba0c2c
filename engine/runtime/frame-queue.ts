import type { AudioFrame, EncodedFrame, Frame } from "#engine/frames";

/** Samples per channel of a frame; 0 where it is no audio. */
export const samplesOf = (frame: Frame): number =>
  frame.kind === "audio"
    ? frame.channels === 1
      ? frame.pcm.length // the usual case, without a division
      : frame.pcm.length / frame.channels
    : frame.kind === "encoded"
      ? frame.sampleCount
      : 0;

export const isAudible = (frame: Frame): frame is AudioFrame | EncodedFrame =>
  frame.kind === "audio" || frame.kind === "encoded";

/** Of the first ring, which is made for the first frame: many edges carry no more than a text now and then. */
const FIRST_ROOM = 2;
const NO_FRAMES: (Frame | undefined)[] = [];
const NO_SAMPLES: number[] = [];

/**
 * Frames in order, in a ring that grows, and how much they hold: audio in media time, the rest by number.
 *
 * Audio is added up in samples of one rate, which needs no division for each frame; a frame of another rate converts the sum.
 */
export class FrameQueue {
  #frames = NO_FRAMES;
  /** Of each frame, per channel: to ask a frame again that has lain here for a while costs a tenth of the way through the queue. */
  #samples = NO_SAMPLES;
  #mask = -1;
  #head = 0;
  #audible = 0;
  #rateHz = 1000;
  size = 0;
  /** Per channel, of the frame that `shift` took last. */
  shiftedSamples = 0;
  /** Frames that are no audio. */
  others = 0;
  /** Of the audio, per channel; in samples at the rate of the newest frame. */
  audioSamples = 0;
  /** `limitMs` at that rate. */
  limitSamples: number;

  constructor(readonly limitMs: number) {
    this.limitSamples = limitMs;
  }

  get audioMs(): number {
    return (this.audioSamples * 1000) / this.#rateHz;
  }

  push(frame: Frame, samples: number): void {
    if (this.size > this.#mask) this.#grow();
    const place = (this.#head + this.size) & this.#mask;
    this.#frames[place] = frame;
    this.#samples[place] = samples;
    this.size++;
    if (frame.kind === "audio" || frame.kind === "encoded") {
      if (frame.sampleRateHz !== this.#rateHz) this.#changeRate(frame.sampleRateHz);
      this.#audible++;
      this.audioSamples += samples;
    } else this.others++;
  }

  peek(): Frame | undefined {
    return this.#frames[this.#head];
  }

  shift(): Frame | undefined {
    const frame = this.#frames[this.#head];
    if (frame === undefined) return undefined;
    const samples = this.#samples[this.#head]!;
    this.shiftedSamples = samples;
    this.#frames[this.#head] = undefined;
    this.#head = (this.#head + 1) & this.#mask;
    this.size--;
    if (frame.kind === "audio" && frame.sampleRateHz === this.#rateHz && this.#audible > 1) {
      this.#audible--;
      this.audioSamples -= samples;
    } else this.#forget(frame, samples);
    return frame;
  }

  at(index: number): Frame {
    return this.#frames[(this.#head + index) & this.#mask]!;
  }

  /** Takes one out of the middle; those before it move up, for there are usually fewer of them. */
  removeAt(index: number): Frame {
    const place = (this.#head + index) & this.#mask;
    const removed = this.#frames[place]!;
    const samples = this.#samples[place]!;
    for (let i = index; i > 0; i--) {
      const to = (this.#head + i) & this.#mask;
      const from = (this.#head + i - 1) & this.#mask;
      this.#frames[to] = this.#frames[from];
      this.#samples[to] = this.#samples[from]!;
    }
    this.#frames[this.#head] = undefined;
    this.#head = (this.#head + 1) & this.#mask;
    this.size--;
    this.#forget(removed, samples);
    return removed;
  }

  #forget(frame: Frame, samples: number): void {
    if (frame.kind !== "audio" && frame.kind !== "encoded") {
      this.others--;
      return;
    }
    this.#audible--;
    if (this.#audible === 0)
      this.audioSamples = 0; // with whatever rounding left
    else if (frame.sampleRateHz === this.#rateHz) this.audioSamples -= samples;
    else this.audioSamples -= (samples * this.#rateHz) / frame.sampleRateHz;
  }

  #changeRate(rateHz: number): void {
    this.audioSamples *= rateHz / this.#rateHz;
    this.limitSamples = (this.limitMs * rateHz) / 1000;
    this.#rateHz = rateHz;
  }

  #grow(): void {
    const room = Math.max(FIRST_ROOM, 2 * (this.#mask + 1));
    const frames: (Frame | undefined)[] = new Array(room).fill(undefined);
    const samples: number[] = new Array(room).fill(0);
    for (let i = 0; i < this.size; i++) {
      const from = (this.#head + i) & this.#mask;
      frames[i] = this.#frames[from];
      samples[i] = this.#samples[from]!;
    }
    this.#frames = frames;
    this.#samples = samples;
    this.#mask = room - 1;
    this.#head = 0;
  }
}
