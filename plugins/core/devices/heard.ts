import type { AudioFormat } from "#engine/plugin";
import { Reference } from "../enhance/reference.ts";

/** For how long it is known what was heard. */
const KEPT_SECONDS = 10;
/** More than is ever handed over ahead of what is heard. */
const AHEAD_SECONDS = 3;

/** What one loudspeaker was heard playing, at its place on a time line; silence where it played nothing. */
export class HeardTrack {
  readonly #ring: Reference;
  #end = 0;

  /** @param nowSample where the present is. Pure but for that. */
  constructor(
    readonly format: AudioFormat,
    private readonly nowSample: () => number,
  ) {
    this.#ring = new Reference((KEPT_SECONDS + AHEAD_SECONDS) * format.sampleRateHz * format.channels);
  }

  /** The present: up to here nothing changes any more. */
  get knownTo(): number {
    return Math.max(0, this.nowSample());
  }

  /** Behind the last sample that was handed over and not taken back. */
  get end(): number {
    return this.#end;
  }

  /** From where on it is known. */
  get keptFrom(): number {
    return Math.max(0, this.knownTo - KEPT_SECONDS * this.format.sampleRateHz);
  }

  /**
   * The device was handed more.
   * @param pcm interleaved; not kept.
   * @param from where it begins to be heard; left out: behind what was handed over before, without a pause.
   */
  wrote(pcm: Int16Array, from = this.#end): void {
    this.#end = Math.max(this.#end, from);
    this.#ring.push(pcm, this.#end * this.format.channels);
    this.#end += pcm.length / this.format.channels;
  }

  /** The device was silenced: what was to be heard from there on never will be. */
  cut(from: number): void {
    this.#end = Math.min(this.#end, from);
    this.#ring.forgetFrom(this.#end * this.format.channels);
  }

  /** Interleaved, and the caller's own. @param from not before `keptFrom`; @param samples per channel; behind `knownTo` it is what would be heard if nothing happened. */
  read(from: number, samples: number): Int16Array {
    const { channels } = this.format;
    return this.#ring.read(from * channels, samples * channels);
  }
}
