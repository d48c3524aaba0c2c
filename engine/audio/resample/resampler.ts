import { rescaleSamples } from "../../frames/index.ts";
import { type ResampleFilter, resampleFilter } from "./resample-filter.ts";
import { plainKernel, type ResampleKernel } from "./resample-kernel.ts";

export interface ResamplerOptions {
  /** From 1,000 to 384,000, as everywhere in this room; any whole numbers, such as 22,050 to 16,000. */
  readonly fromHz: number;
  readonly toHz: number;
  /** Defaults to 1. */
  readonly channels?: number;
  /** Position of the first input sample on its stream's timeline. Defaults to 0. */
  readonly startSample?: number;
  /** What does the arithmetic: `plainKernel` where it is left out, in a plugin a native one. All give the same samples. */
  readonly kernel?: ResampleKernel | undefined;
}

/**
 * Changes the sample rate of a stream by a polyphase filter (see `resampleFilter`), whatever the chunks it comes in.
 *
 * Output sample k stands for the time k / toHz of the same timeline, so nothing is shifted: the filter looks half its length to both sides,
 * and output lags behind input by that half until `flush`. Input from position a to b gives the outputs from `rescaleSamples(a)` to
 * `rescaleSamples(b)`, no more and no fewer. Samples before the first and after the last count as 0.
 */
export class Resampler {
  readonly #filter: ResampleFilter | undefined;
  readonly #fromHz: number;
  readonly #toHz: number;
  readonly #channels: number;
  readonly #kernel: ResampleKernel;
  /** Input that is still needed, and the next output's time. Of each plane the first `#filled` samples are in use. */
  readonly #window: { samples: Int16Array; plane: number; readonly channels: number; at: number; phase: number };
  #filled: number;
  #inputEnd: number;
  #outputEnd: number;

  /** @throws EngineError AUDIO_FORMAT_UNSUPPORTED for a ratio that needs too large a filter. */
  constructor(options: ResamplerOptions) {
    const { fromHz, toHz, channels = 1, startSample = 0, kernel = plainKernel } = options;
    this.#fromHz = fromHz;
    this.#toHz = toHz;
    this.#channels = channels;
    this.#kernel = kernel;
    this.#inputEnd = startSample;
    this.#outputEnd = rescaleSamples(startSample, fromHz, toHz);
    this.#filter = fromHz === toHz ? undefined : resampleFilter(fromHz, toHz);
    const before = this.#filter?.tapsPerPhase ?? 0;
    const { step, phases } = this.#filter ?? { step: 1, phases: 1 };
    const time = Math.floor((this.#outputEnd * step) / phases);
    this.#window = {
      samples: new Int16Array(2 * before * channels),
      plane: 2 * before,
      channels,
      at: before + time - startSample,
      phase: this.#outputEnd * step - time * phases,
    };
    this.#filled = before;
  }

  /** Where the next output sample stands on the timeline of the output. */
  get position(): number {
    return this.#outputEnd;
  }

  /** Where the next input sample is expected on the timeline of the input. */
  get inputPosition(): number {
    return this.#inputEnd;
  }

  /** @param pcm interleaved, not kept. The result belongs to the caller; it may be empty. */
  push(pcm: Int16Array): Int16Array {
    const count = pcm.length / this.#channels;
    this.#inputEnd += count;
    if (!this.#filter) {
      this.#outputEnd += count;
      return pcm.slice();
    }
    this.#append(pcm);
    const { phases, step, tapsPerPhase } = this.#filter;
    const { at, phase } = this.#window;
    const reachable = (this.#filled - tapsPerPhase / 2 - at) * phases - phase;
    return this.#produce(this.#filter, Math.max(0, Math.ceil(reachable / step)));
  }

  /**
   * The outputs up to the end of what was pushed, for which the samples that may still follow are taken as silence. Going on afterwards is
   * allowed: what was flushed is not repeated, and what was pushed before still weighs in.
   */
  flush(): Int16Array {
    if (!this.#filter) return new Int16Array(0);
    const filled = this.#filled;
    this.#append(new Int16Array(this.#filter.tapsPerPhase * this.#channels));
    const end = rescaleSamples(this.#inputEnd, this.#fromHz, this.#toHz);
    return this.#produce(this.#filter, Math.max(0, end - this.#outputEnd), filled);
  }

  #append(pcm: Int16Array): void {
    const channels = this.#channels;
    const count = pcm.length / channels;
    if (this.#filled + count > this.#window.plane) this.#grow(2 * (this.#filled + count));
    const { samples, plane } = this.#window;
    if (channels === 1) samples.set(pcm, this.#filled);
    else
      for (let channel = 0; channel < channels; channel++) {
        const begin = channel * plane + this.#filled;
        for (let i = 0, from = channel; i < count; i++, from += channels) samples[begin + i] = pcm[from]!;
      }
    this.#filled += count;
  }

  #grow(plane: number): void {
    const window = this.#window;
    const larger = new Int16Array(plane * this.#channels);
    for (let channel = 0; channel < this.#channels; channel++) {
      const begin = channel * window.plane;
      larger.set(window.samples.subarray(begin, begin + this.#filled), channel * plane);
    }
    window.samples = larger;
    window.plane = plane;
  }

  /** So many outputs, after which of the first `kept` samples only those stay that later ones look at. */
  #produce(filter: ResampleFilter, count: number, kept = this.#filled): Int16Array {
    const window = this.#window;
    const output = new Int16Array(count * this.#channels);
    this.#kernel(filter, window, output);
    const moved = window.phase + count * filter.step;
    window.at += Math.floor(moved / filter.phases);
    window.phase = moved % filter.phases;
    this.#outputEnd += count;
    this.#filled = kept;
    this.#forget(window.at - filter.tapsPerPhase / 2 + 1);
    return output;
  }

  /** Drops what no later output looks at; `upTo` may lie outside of what is there on either side. */
  #forget(upTo: number): void {
    const count = Math.min(upTo, this.#filled);
    if (count <= 0) return;
    const { samples, plane } = this.#window;
    for (let channel = 0; channel < this.#channels; channel++) {
      const begin = channel * plane;
      samples.copyWithin(begin, begin + count, begin + this.#filled);
    }
    this.#filled -= count;
    this.#window.at -= count;
  }
}
