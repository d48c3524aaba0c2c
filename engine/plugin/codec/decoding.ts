import { saturate } from "../../audio/index.ts";
import { EngineError } from "../../errors/index.ts";
import type { AudioFormat } from "../../frames/index.ts";

/** Turns the bytes of one recording into samples, piece by piece. Owns native memory: `close()` it. Calls do not overlap. */
export interface AudioDecoder {
  /** Known at the latest with the first samples. */
  readonly format: AudioFormat | undefined;
  /** Samples per channel that the file's own head promises; undefined where it does not say. */
  readonly declaredSamples: number | undefined;
  /**
   * @param bytes of any length, not kept. The result is interleaved and the caller's own.
   * @throws EngineError AUDIO_NOT_RECOGNISED, AUDIO_DAMAGED, AUDIO_FORMAT_UNSUPPORTED.
   */
  push(bytes: Uint8Array): Promise<Int16Array>;
  /** What was still inside, after the last byte. */
  end(): Promise<Int16Array>;
  /** Known after `end`: the file breaks off; what came before is good. */
  readonly truncated: boolean;
  close(): void;
}

/** Bytes without one sample after which a recording is taken as none of its kind: the decoders do not say so by themselves. */
export const SILENT_BYTES = 65_536;
/** The same for containers whose heads may hold pictures. */
export const SILENT_BYTES_WITH_PICTURES = 16 * 2 ** 20;

/** What a library of the decoders gives for a piece. */
export interface Decoded {
  readonly channelData: readonly Float32Array[];
  readonly samplesDecoded: number;
  readonly sampleRate: number;
  readonly errors: readonly unknown[];
}

/** Samples from -1 to 1 by channel, as interleaved 16 bit: rounded to nearest and saturated. */
export function interleaved(channels: readonly Float32Array[], samples: number): Int16Array {
  const count = channels.length;
  const pcm = new Int16Array(samples * count);
  for (let channel = 0; channel < count; channel++) {
    const values = channels[channel]!;
    for (let i = 0, at = channel; i < samples; i++, at += count) pcm[at] = saturate(Math.round(values[i]! * 32768));
  }
  return pcm;
}

/** Imports a library of the package, or says that it is not there. */
export async function imported<T>(name: string, load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (error) {
    throw new EngineError("ENGINE_MISSING", `the package ${name} does not load: install it (bun install ${name})`, {
      cause: error,
    });
  }
}

/**
 * Calls into a library that prints to the console what its answer says as well. The work is over when this returns, so nobody else's
 * lines are lost. What it throws, a trap of its WebAssembly for one, is a fault of the recording.
 */
export function quietly<T>(format: string, work: () => T): T {
  const { error } = console;
  console.error = () => undefined;
  try {
    return work();
  } catch (cause) {
    if (cause instanceof EngineError) throw cause;
    throw damaged(format, "its decoder gave up", cause);
  } finally {
    console.error = error;
  }
}

/** Reads on in a file that began as the container it is: what is wrong from here on is damage. */
export function checked<T>(format: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    throw cause instanceof EngineError ? damaged(format, cause.message, cause) : cause;
  }
}

export const damaged = (format: string, what: string, cause?: unknown) =>
  new EngineError("AUDIO_DAMAGED", `${format}: ${what}`, { cause });

export const notRecognised = (format: string, bytes: number) =>
  new EngineError("AUDIO_NOT_RECOGNISED", `looks like ${format}, but ${bytes} bytes hold not one sample of it`);

export const nothingYet = (): Int16Array => new Int16Array(0);
