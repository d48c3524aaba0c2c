import type { AudioFormat } from "../frames/index.ts";
import { dbToFactor } from "./level.ts";
import { saturate } from "./saturate.ts";

export interface MixerOptions extends AudioFormat {
  /** One for each input, in decibels. */
  readonly gainsDb: readonly number[];
  /** Length of the mixed frames in samples per channel; one is shorter where no input has more to follow it at once. */
  readonly frameSamples: number;
  /** How much audio of one input may wait for another, in samples per channel. */
  readonly maxHeldSamples: number;
}

/** A stretch of the sum. `pcm` belongs to the receiver. */
export interface Mixed {
  readonly pcm: Int16Array;
  readonly startSample: number;
  /** Single samples that did not fit 16 bits. */
  readonly clipped: number;
}

interface Piece {
  readonly pcm: Int16Array;
  readonly start: number;
  readonly end: number;
}

interface Input {
  readonly factor: number;
  /** In order, without overlap; pcm is only read. */
  readonly pieces: Piece[];
  /** Up to here nothing more can come. */
  known: number;
  /** Where its next sample may begin at the earliest. */
  end: number;
  held: number;
}

/**
 * Adds streams of one format, each sample at its own position. A frame comes out once every input that has not ended has gone past it;
 * where an input has nothing it is silent, and where none has anything nothing comes out.
 *
 * An input that keeps `maxHeldSamples` of another waiting is taken as silent there. What it delivers for a place that was already given
 * out, and what overlaps its own earlier audio, is left out and counted as late.
 */
export class Mixer {
  readonly #inputs: Input[];
  readonly #options: MixerOptions;
  #position = Number.NEGATIVE_INFINITY;
  #sum = new Float64Array(0);

  constructor(options: MixerOptions) {
    this.#options = options;
    this.#inputs = options.gainsDb.map((db) => ({
      factor: dbToFactor(db),
      pieces: [],
      known: Number.NEGATIVE_INFINITY,
      end: Number.NEGATIVE_INFINITY,
      held: 0,
    }));
  }

  /**
   * @param pcm kept until it was mixed, and only read.
   * @returns samples per channel that came too late.
   */
  push(index: number, pcm: Int16Array, startSample: number): number {
    const input = this.#inputs[index]!;
    const { channels } = this.#options;
    const end = startSample + pcm.length / channels;
    const start = Math.min(end, Math.max(startSample, input.end, this.#position));
    if (end > start) {
      input.pieces.push({ pcm: pcm.subarray((start - startSample) * channels), start, end });
      input.held += end - start;
      input.end = end;
      input.known = end;
    }
    return start - startSample;
  }

  /** Nothing more comes from this input. */
  end(index: number): void {
    this.#inputs[index]!.known = Number.POSITIVE_INFINITY;
  }

  /** The next frame that is complete, or undefined where an input is still to be heard. */
  next(): Mixed | undefined {
    const start = Math.min(...this.#inputs.map((input) => input.pieces[0]?.start ?? Number.POSITIVE_INFINITY));
    if (start === Number.POSITIVE_INFINITY) return undefined;
    const whole = start + this.#options.frameSamples;
    if (this.#horizon() < whole) return undefined;
    return this.#mix(start, this.#coverage(whole));
  }

  /** Up to where every input is known, or has been waited for long enough. */
  #horizon(): number {
    let horizon = Math.min(...this.#inputs.map((input) => input.known));
    for (const input of this.#inputs) {
      let excess = input.held - this.#options.maxHeldSamples;
      for (const piece of input.pieces) {
        if (excess <= 0) break;
        horizon = Math.max(horizon, piece.end);
        excess -= piece.end - piece.start;
      }
    }
    return horizon;
  }

  /** Where the audio that begins before `whole` ends, at most there: a gap that follows it is not given out as silence. */
  #coverage(whole: number): number {
    let covered = Number.NEGATIVE_INFINITY;
    for (const input of this.#inputs)
      for (const piece of input.pieces) {
        if (piece.start >= whole) break;
        covered = Math.max(covered, Math.min(piece.end, whole));
      }
    return covered;
  }

  #mix(start: number, end: number): Mixed {
    const { channels } = this.#options;
    const length = (end - start) * channels;
    if (this.#sum.length < length) this.#sum = new Float64Array(length);
    this.#sum.fill(0, 0, length);
    for (const input of this.#inputs) this.#add(input, start, end);
    this.#position = end;
    const pcm = new Int16Array(length);
    let clipped = 0;
    for (let i = 0; i < length; i++) {
      const sum = Math.round(this.#sum[i]!);
      pcm[i] = saturate(sum);
      if (pcm[i] !== sum) clipped++;
    }
    return { pcm, startSample: start, clipped };
  }

  /** Adds what an input has between two positions, and takes it out of its pieces. */
  #add(input: Input, start: number, end: number): void {
    const { channels } = this.#options;
    for (let piece = input.pieces[0]; piece && piece.start < end; piece = input.pieces[0]) {
      const until = Math.min(piece.end, end);
      const samples = (until - piece.start) * channels;
      const at = (piece.start - start) * channels;
      for (let i = 0; i < samples; i++) this.#sum[at + i]! += piece.pcm[i]! * input.factor;
      input.held -= until - piece.start;
      if (until < piece.end) {
        input.pieces[0] = { pcm: piece.pcm.subarray(samples), start: until, end: piece.end };
        return;
      }
      input.pieces.shift();
    }
  }
}
