import { existsSync } from "node:fs";
import { EngineError } from "#engine/errors";
import { type BuildOptions, findCompiler, libraryPath } from "../library/index.ts";
import type { Backend } from "./backend.ts";
import { detectorLibrary } from "./build.ts";
import { openNative } from "./native.ts";
import { findWasm, openWasm } from "./wasm.ts";

/** Which implementation serves, and what it is. */
export type DetectorBackend =
  | { readonly backend: "native"; readonly path: string }
  /** `because` says why the native one does not serve: no compiler, for one. */
  | { readonly backend: "wasm"; readonly path: string; readonly because: string };

export type BackendName = DetectorBackend["backend"];

interface Opened {
  readonly implementation: Backend;
  readonly facts: DetectorBackend;
}

const opened: Partial<Record<BackendName | "best", Opened>> = {};

/**
 * The implementation of that name, or the best that this machine has; opened once in a process.
 * @throws EngineError ENGINE_MISSING or ENGINE_FAILED when the named one cannot be had, or neither.
 */
export function openBackend(name?: BackendName): Opened {
  const known = opened[name ?? "best"];
  if (known) return known;
  const found = name === "native" ? native() : name === "wasm" ? wasm("it was asked for") : best();
  opened[name ?? "best"] = found;
  return found;
}

function native(options: BuildOptions = {}): Opened {
  const { backend, path } = openNative(options);
  return { implementation: backend, facts: { backend: "native", path } };
}

function wasm(because: string): Opened {
  const { backend, path } = openWasm();
  return { implementation: backend, facts: { backend: "wasm", path, because } };
}

/** The native implementation where it is built or can be, else the WebAssembly one, which then says why. Opens anew at each call. */
export function best(options: BuildOptions = {}): Opened {
  try {
    return native(options);
  } catch (error) {
    return wasm(error instanceof Error ? error.message : String(error));
  }
}

/** The implementation that serves in this process. Opens it, and so builds the native one where that is possible. */
export const detectorBackend = (): DetectorBackend => openBackend().facts;

/** What is there, for people; builds and opens nothing. */
export interface DetectorFound {
  /** The compiled library, where it was built already. */
  readonly library?: string;
  /** The compiler that builds it at first use. */
  readonly compiler?: string;
  /** The WebAssembly build. */
  readonly wasm?: string;
}

/** @throws EngineError ENGINE_MISSING when the packaged sources are not installed. */
export function findDetector(options: BuildOptions = {}): DetectorFound {
  const library = libraryPath(detectorLibrary(), options.dir);
  const compiler = findCompiler(options.path);
  const wasm = findWasm();
  return {
    ...(existsSync(library) ? { library } : {}),
    ...(compiler ? { compiler } : {}),
    ...(wasm ? { wasm } : {}),
  };
}

/** How eagerly audio is taken for noise: 0 lets most through, 3 least. */
export type Aggressiveness = 0 | 1 | 2 | 3;

const RATES_HZ = [8000, 16000, 32000];

/** One WebRTC voice activity detector. Owns native memory: `close()` it, or hold it with `using`. */
export class WebRtcVad {
  readonly backend: BackendName;
  readonly #implementation: Backend;
  readonly #samplesPer10Ms: number;
  #handle: number;

  private constructor(
    readonly sampleRateHz: number,
    { implementation, facts }: Opened,
    handle: number,
  ) {
    this.backend = facts.backend;
    this.#implementation = implementation;
    this.#samplesPer10Ms = sampleRateHz / 100;
    this.#handle = handle;
  }

  /**
   * @param sampleRateHz 8000, 16000 or 32000. (The C knows 48000 too, at 6.7 times the cost: convert before.)
   * @param backend the best of this machine where it is left out.
   * @throws EngineError AUDIO_FORMAT_UNSUPPORTED, CONFIG_INVALID, ENGINE_MISSING, ENGINE_FAILED.
   */
  static open(sampleRateHz: number, aggressiveness: Aggressiveness, backend?: BackendName): WebRtcVad {
    if (!RATES_HZ.includes(sampleRateHz))
      throw new EngineError("AUDIO_FORMAT_UNSUPPORTED", `${sampleRateHz} Hz: wanted 8000, 16000 or 32000`);
    if (![0, 1, 2, 3].includes(aggressiveness))
      throw new EngineError("CONFIG_INVALID", `aggressiveness ${aggressiveness}: wanted 0, 1, 2 or 3`);
    const chosen = openBackend(backend);
    const handle = chosen.implementation.open(aggressiveness);
    if (handle === 0) throw new EngineError("ENGINE_FAILED", "no memory for another voice activity detector");
    return new WebRtcVad(sampleRateHz, chosen, handle);
  }

  /**
   * Whether this frame, which follows the one of the call before, is voiced.
   * @param pcm mono, exactly 10, 20 or 30 ms at the detector's rate; not kept after the call.
   * @throws EngineError AUDIO_FORMAT_UNSUPPORTED on any other length.
   */
  isSpeech(pcm: Int16Array): boolean {
    if (this.#handle === 0) throw new Error("WebRtcVad used after close()"); // C would read freed memory
    const samples = pcm.byteLength >> 1; // never more than is there, whatever array it is
    const verdict = this.#implementation.process(this.#handle, this.sampleRateHz, pcm, samples);
    if (verdict < 0)
      throw new EngineError(
        "AUDIO_FORMAT_UNSUPPORTED",
        `${samples} samples at ${this.sampleRateHz} Hz: wanted ${[1, 2, 3].map((n) => n * this.#samplesPer10Ms).join(", ")}`,
      );
    return verdict === 1;
  }

  /** A second call does nothing. */
  close(): void {
    if (this.#handle !== 0) this.#implementation.free(this.#handle);
    this.#handle = 0;
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
