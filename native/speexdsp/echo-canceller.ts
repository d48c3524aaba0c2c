import type { Pointer } from "bun:ffi";
import { EngineError } from "#engine/errors";
import { int32, speexDsp } from "./library.ts";

/** Requests of speex_echo.h and speex_preprocess.h. */
const SET_SAMPLING_RATE = 24;
const SET_ECHO_STATE = 24;
const SET_NOISE_SUPPRESS = 18;

export interface EchoSettings {
  readonly frameSamples: number;
  readonly sampleRateHz: number;
  /** How long an echo lasts that is taken away, in samples. */
  readonly tailSamples: number;
  /** Lowers what the filter leaves of the echo, too; what comes out is then one frame later. */
  readonly residue: boolean;
}

/** Takes the sound of a loudspeaker out of what a microphone hears. Owns native memory: `close()` it. */
export class EchoCanceller {
  #echo: Pointer | null;
  #residue: Pointer | null = null;
  readonly #out: Int16Array;

  /** @throws EngineError ENGINE_MISSING, ENGINE_FAILED */
  constructor(private readonly settings: EchoSettings) {
    const library = speexDsp();
    const { frameSamples, sampleRateHz, tailSamples, residue } = settings;
    this.#echo = library.speex_echo_state_init(frameSamples, tailSamples) as Pointer | null;
    if (!this.#echo) throw new EngineError("ENGINE_FAILED", "speexdsp: no memory for an echo canceller");
    library.speex_echo_ctl(this.#echo, SET_SAMPLING_RATE, int32(sampleRateHz));
    if (residue) {
      this.#residue = library.speex_preprocess_state_init(frameSamples, sampleRateHz) as Pointer | null;
      if (this.#residue) {
        library.speex_preprocess_ctl(this.#residue, SET_NOISE_SUPPRESS, int32(0)); // noise stays: it is for another node
        library.speex_preprocess_ctl(this.#residue, SET_ECHO_STATE, this.#echo);
      }
    }
    this.#out = new Int16Array(frameSamples);
  }

  /** @param heard and played, mono, of exactly the frame's length and of the same time; not kept. The result is the caller's. */
  run(heard: Int16Array, played: Int16Array): Int16Array {
    if (!this.#echo) throw new Error("EchoCanceller used after close()"); // C would crash
    const { frameSamples } = this.settings;
    if (heard.length !== frameSamples || played.length !== frameSamples)
      throw new Error(`${heard.length} and ${played.length} samples; wanted ${frameSamples}`);
    const library = speexDsp();
    library.speex_echo_cancellation(this.#echo, heard, played, this.#out);
    if (this.#residue) library.speex_preprocess_run(this.#residue, this.#out);
    return this.#out.slice();
  }

  close(): void {
    if (this.#residue) speexDsp().speex_preprocess_state_destroy(this.#residue);
    if (this.#echo) speexDsp().speex_echo_state_destroy(this.#echo);
    this.#residue = null;
    this.#echo = null;
  }
}
