import { fileURLToPath } from "node:url";
import { EngineError } from "#engine/errors";

/** Of the package sherpa-onnx-node, what is used here. It has no types of its own. */
export interface Sherpa {
  readonly version: string;
  readonly Vad: new (config: object, bufferSeconds: number) => VadHandle;
  readonly OnlineRecognizer: new (config: object) => OnlineHandle;
  readonly OfflineRecognizer: new (config: object) => OfflineHandle;
  readonly OfflineTts: new (config: object) => TtsHandle;
  readonly OnlineSpeechDenoiser: new (config: object) => DenoiserHandle;
  readonly OfflineSpeakerDiarization: new (config: object) => DiariserHandle;
}

export interface VadHandle {
  readonly handle: unknown;
  acceptWaveform(samples: Float32Array): void;
  isEmpty(): boolean;
  isDetected(): boolean;
  pop(): void;
  flush(): void;
  reset(): void;
}

export interface SherpaStream {
  acceptWaveform(audio: { readonly sampleRate: number; readonly samples: Float32Array }): void;
  inputFinished?(): void;
}

export interface Heard {
  readonly text: string;
  readonly tokens?: readonly string[];
  readonly timestamps?: readonly number[];
}

export interface OnlineHandle {
  readonly handle: unknown;
  createStream(): SherpaStream;
  isReady(stream: SherpaStream): boolean;
  decode(stream: SherpaStream): void;
  reset(stream: SherpaStream): void;
  getResult(stream: SherpaStream): Heard;
}

export interface OfflineHandle {
  readonly handle: unknown;
  createStream(): SherpaStream;
  decode(stream: SherpaStream): void;
  getResult(stream: SherpaStream): Heard;
}

export interface Samples {
  readonly samples: Float32Array;
  readonly sampleRate: number;
}

/** `enableExternalBuffer` is false throughout: Bun does not take memory that a library goes on to own. */
type Owned<T> = T & { readonly enableExternalBuffer: false };

export interface TtsHandle {
  readonly handle: unknown;
  readonly numSpeakers: number;
  readonly sampleRate: number;
  generate(request: Owned<{ readonly text: string; readonly sid: number; readonly speed: number }>): Samples;
}

export interface DenoiserHandle {
  readonly handle: unknown;
  readonly sampleRate: number;
  run(audio: Owned<Samples>): Samples;
  flush(enableExternalBuffer: false): Samples;
  reset(): void;
}

export interface DiariserHandle {
  readonly handle: unknown;
  readonly sampleRate: number;
  process(samples: Float32Array): readonly { readonly start: number; readonly end: number; readonly speaker: number }[];
}

let loaded: Promise<Sherpa> | undefined;

/**
 * Loads the library at its first use, 32 MB with its own runtime for models.
 * @throws EngineError ENGINE_MISSING where the package, or its build for this machine, is not installed.
 */
export function loadSherpa(): Promise<Sherpa> {
  loaded ??= load();
  return loaded;
}

async function load(): Promise<Sherpa> {
  try {
    const module: { default: Sherpa } = await import("sherpa-onnx-node" as string);
    return module.default;
  } catch (cause) {
    loaded = undefined;
    throw new EngineError(
      "ENGINE_MISSING",
      "the package sherpa-onnx-node does not load: bun install sherpa-onnx-node (there are builds for Linux, macOS and Windows)",
      { cause },
    );
  }
}

/** Where the package lies; undefined where it is not installed. */
export function findSherpa(): string | undefined {
  try {
    return fileURLToPath(import.meta.resolve("sherpa-onnx-node"));
  } catch {
    return undefined;
  }
}

/** For `doctor`; undefined where it does not load. */
export const sherpaVersion = (): Promise<string | undefined> =>
  loadSherpa().then(
    ({ version }) => version,
    () => undefined,
  );
