import type { Pointer } from "bun:ffi";
import { EngineError } from "#engine/errors";
import { int32, speexDsp } from "./library.ts";

/** Requests of speex_preprocess.h. */
const SET_DENOISE = 0;
const SET_NOISE_SUPPRESS = 18;

/** Takes steady noise out of one stream. Owns native memory: `close()` it. What comes out is one frame later than what goes in. */
export class NoiseSuppressor {
  #state: Pointer | null;
  readonly #scratch: Int16Array;

  /**
   * @param suppressDb by how much noise is lowered at most; above 0.
   * @throws EngineError ENGINE_MISSING, ENGINE_FAILED
   */
  constructor(
    readonly frameSamples: number,
    sampleRateHz: number,
    suppressDb: number,
  ) {
    const library = speexDsp();
    this.#state = library.speex_preprocess_state_init(frameSamples, sampleRateHz) as Pointer | null;
    if (!this.#state) throw new EngineError("ENGINE_FAILED", "speexdsp: no memory for a noise suppressor");
    library.speex_preprocess_ctl(this.#state, SET_DENOISE, int32(1));
    library.speex_preprocess_ctl(this.#state, SET_NOISE_SUPPRESS, int32(-Math.round(suppressDb)));
    this.#scratch = new Int16Array(frameSamples);
  }

  /** @param frame mono, of exactly the frame's length; not kept. The result is the caller's. */
  run(frame: Int16Array): Int16Array {
    if (!this.#state) throw new Error("NoiseSuppressor used after close()"); // C would crash
    if (frame.length !== this.frameSamples) throw new Error(`${frame.length} samples; wanted ${this.frameSamples}`);
    this.#scratch.set(frame);
    speexDsp().speex_preprocess_run(this.#state, this.#scratch);
    return this.#scratch.slice();
  }

  close(): void {
    if (this.#state) speexDsp().speex_preprocess_state_destroy(this.#state);
    this.#state = null;
  }
}
