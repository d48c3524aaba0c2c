import type { AudioFormat, Environment } from "#engine/plugin";
import type { Through } from "./programs.ts";

/** Samples of 16 bits, little-endian, as they come from a device. `close()` it. */
export interface CaptureLine {
  /** What came since; undefined when the device is gone. */
  next(): Promise<Uint8Array | undefined>;
  /** Why it is gone, in the driver's own first words; known after `next` gave undefined. */
  readonly reason: string;
  close(): void;
}

/** Samples of 16 bits on their way to a device. `close()` it. */
export interface PlaybackLine {
  /** Resolves when the device, or the pipe to it, has taken them. Rejects when it is gone. */
  write(bytes: Uint8Array): Promise<void>;
  /** Lets what was written be heard, then closes. */
  finish(): Promise<void>;
  /** Falls silent at once. */
  close(): void;
  /** Resolves when the device is gone, with why; never rejects. */
  readonly gone: Promise<string>;
}

export interface LineRequest {
  readonly through: Through;
  readonly device: string | undefined;
  readonly format: AudioFormat;
  readonly environment: Environment;
}
