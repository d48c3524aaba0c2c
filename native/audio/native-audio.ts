import { EngineError } from "#engine/errors";
import { type AudioLibrary, audioLibraryHere } from "./binding.ts";

/** How it is computed: with AVX2, or in portable C. */
export type Way = "avx2" | "portable";

const WAYS: readonly (Way | "best")[] = ["best", "avx2", "portable"];
const LAWS = ["alaw", "mulaw"] as const;

/** The telephone codecs of one byte a sample. */
export type Law = (typeof LAWS)[number];

/** The taps of a polyphase filter, as the engine's resampler designs them. */
export interface Filter {
  readonly phases: number;
  readonly step: number;
  /** `phases` rows of a multiple of 8 each. */
  readonly taps: Int16Array;
}

/** Samples that a filter looks at: of each channel a plane of `plane` samples, one after the other. */
export interface Window {
  readonly samples: Int16Array;
  readonly plane: number;
  readonly channels: number;
  /** The place in a plane of the first output's time, and how many phases it lies behind that. */
  readonly at: number;
  readonly phase: number;
}

/**
 * Resampling, telephone codecs and level in C, bit by bit what `engine/audio` computes. Keeps nothing between calls; every array's length goes
 * along, and what does not fit is refused before it is read.
 */
export class NativeAudio {
  readonly way: Way;
  readonly #library: AudioLibrary;
  readonly #way: number;

  private constructor(library: AudioLibrary, way: number) {
    this.#library = library;
    this.#way = way;
    this.way = WAYS[way] as Way;
  }

  /**
   * @param way the best that the processor has where it is left out.
   * @throws EngineError ENGINE_MISSING without a compiler, or where the processor does not know that way; ENGINE_FAILED.
   */
  static open(way?: Way, library: AudioLibrary = audioLibraryHere()): NativeAudio {
    const found = library.pa_way(WAYS.indexOf(way ?? "best"));
    if (found < 0)
      throw new EngineError("ENGINE_MISSING", `this processor cannot convert audio by way of ${way ?? "best"}`);
    return new NativeAudio(library, found);
  }

  /**
   * Fills `output`, which is interleaved, with what the filter makes of the window.
   * @throws EngineError NODE_PROTOCOL where the numbers do not fit, such as outputs that lie beyond the window.
   */
  resample({ phases, step, taps }: Filter, { samples, plane, channels, at, phase }: Window, output: Int16Array): void {
    const answer = this.#library.pa_resample(
      this.#way,
      samples,
      samples.length,
      plane,
      channels,
      taps,
      taps.length,
      phases,
      step,
      at,
      phase,
      output,
      output.length,
    );
    if (answer < 0)
      throw refused(
        `resampling ${output.length} samples from ${at} + ${phase}/${phases}, ${channels} times ${plane} of ${samples.length} samples`,
      );
  }

  /** One sample for each byte. */
  decode(law: Law, bytes: Uint8Array): Int16Array {
    const pcm = new Int16Array(bytes.length);
    const answer = this.#library.pa_decode(LAWS.indexOf(law), bytes, bytes.length, pcm, pcm.length);
    if (answer < 0) throw refused(`decoding ${bytes.length} bytes of ${law}`);
    return pcm;
  }

  /** One byte for each sample. */
  encode(law: Law, pcm: Int16Array): Uint8Array {
    const bytes = new Uint8Array(pcm.length);
    const answer = this.#library.pa_encode(this.#way, LAWS.indexOf(law), pcm, pcm.length, bytes, bytes.length);
    if (answer < 0) throw refused(`encoding ${pcm.length} samples to ${law}`);
    return bytes;
  }

  /** Mean power in dBFS, where a square wave of full scale is 0; -Infinity for nothing but zeros, and for nothing at all. */
  levelDbfs(pcm: Int16Array): number {
    const power = this.#library.pa_squares(this.#way, pcm, pcm.length);
    if (power < 0) throw refused(`the level of ${pcm.length} samples`);
    return power === 0 ? Number.NEGATIVE_INFINITY : 10 * Math.log10(power / pcm.length / 32768 ** 2);
  }
}

const refused = (what: string): EngineError =>
  new EngineError("NODE_PROTOCOL", `${what}: the numbers do not fit together`);

let here: NativeAudio | Error | undefined;

/** That of this process, opened at the first call; undefined where no compiler made it. */
export function nativeAudio(): NativeAudio | undefined {
  if (here === undefined)
    try {
      here = NativeAudio.open();
    } catch (error) {
      here = error instanceof Error ? error : new Error(String(error)); // the same at the next call: not tried again
    }
  return here instanceof NativeAudio ? here : undefined;
}
