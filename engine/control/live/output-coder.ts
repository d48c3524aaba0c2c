import type { AudioFormat, AudioFrame } from "#engine/frames";

/** Audio on its way out; `bytes` in the encoding that was asked for. */
export interface Piece extends AudioFormat {
  readonly startSample: number;
  readonly bytes: Uint8Array;
}

/** Codes the audio of one output. Owns native memory: `close()` it. */
export interface OutputCoder {
  push(frame: AudioFrame, give: (piece: Piece) => void): void;
  /** Gives out what is inside. What comes later begins anew. */
  flush(give: (piece: Piece) => void): void;
  close(): void;
}
