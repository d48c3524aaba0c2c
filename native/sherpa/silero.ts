import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { EngineError } from "#engine/errors";
import { loadSherpa, type VadHandle } from "./library.ts";
import { requireModel } from "./model-file.ts";

/** What the model looks at in one step, at 16,000 Hz. */
export const SILERO_WINDOW_SAMPLES = 512;
const RATE_HZ = 16_000;
/** The library keeps the audio of a segment in a ring that grows beyond this; segments are thrown away as they come. */
const RING_SECONDS = 10;

/** Inputs of the model's versions: 5 and 6, then 4. */
const INPUTS = [
  ["input", "state", "sr"],
  ["input", "h", "c"],
] as const;

export interface SileroSettings {
  /** From 0 to 1: how sure the model has to be that it hears speech. */
  readonly threshold: number;
  /** Silence within speech that is passed over. */
  readonly hangoverMs: number;
}

/** The package whose folder holds the model, version 6.2, under the MIT licence, with its notice beside it. */
export const BUNDLED_SILERO = "decibri";

/**
 * Where that file lies. The package itself is not loaded: it would open its own natives.
 * @throws EngineError ENGINE_MISSING
 */
export function bundledSilero(): string {
  try {
    // its main file is src/decibri.js; what it exports names no model
    const path = join(dirname(fileURLToPath(import.meta.resolve(BUNDLED_SILERO))), "../models/silero_vad.onnx");
    if (existsSync(path)) return path;
  } catch {
    // said below
  }
  throw new EngineError(
    "ENGINE_MISSING",
    `the Silero model comes with the package ${BUNDLED_SILERO}, which is not installed: bun install ${BUNDLED_SILERO}, or name a model`,
  );
}

/** One Silero voice activity detector for one stream. Its native memory is freed when it is collected; `close()` makes it useless. */
export class SileroVad {
  #handle: VadHandle | undefined;
  #scratch = new Float32Array(SILERO_WINDOW_SAMPLES);

  private constructor(handle: VadHandle) {
    this.#handle = handle;
  }

  /** @throws EngineError ENGINE_MISSING, FILE_NOT_FOUND, FILE_UNREADABLE, MODEL_UNFIT, ENGINE_FAILED. */
  static async open(model: string, { threshold, hangoverMs }: SileroSettings): Promise<SileroVad> {
    requireModel(model, { what: "a Silero detector", inputs: INPUTS });
    const { Vad } = await loadSherpa();
    const config = {
      sileroVad: {
        model,
        threshold,
        minSilenceDuration: hangoverMs / 1000,
        minSpeechDuration: 0.032,
        maxSpeechDuration: 1e6,
        windowSize: SILERO_WINDOW_SAMPLES,
      },
      sampleRate: RATE_HZ,
      numThreads: 1,
      debug: false,
    };
    const handle = new Vad(config, RING_SECONDS);
    // it does not throw: an object without a handle is how it says so
    if (!handle.handle) throw new EngineError("ENGINE_FAILED", `${model}: the library could not load the model`);
    return new SileroVad(handle);
  }

  /** Whether speech is heard after these samples. @param pcm 16 kHz, mono, of any length; not kept. */
  isSpeech(pcm: Int16Array): boolean {
    const handle = this.#handle;
    if (!handle) throw new Error("SileroVad used after close()");
    if (this.#scratch.length !== pcm.length) this.#scratch = new Float32Array(pcm.length);
    const samples = this.#scratch;
    for (let i = 0; i < pcm.length; i++) samples[i] = pcm[i]! / 32768;
    handle.acceptWaveform(samples);
    while (!handle.isEmpty()) handle.pop();
    return handle.isDetected();
  }

  /** Ends what is open, so that the library lets go of its audio. What the model has learnt of the stream stays. */
  endSegment(): void {
    const handle = this.#handle;
    if (!handle) return;
    handle.flush();
    while (!handle.isEmpty()) handle.pop();
  }

  close(): void {
    this.#handle = undefined;
  }
}
