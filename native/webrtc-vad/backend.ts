/** A detector's implementation. Handles are opaque, never 0, and belong to the backend that gave them. */
export interface Backend {
  /** @returns 0 when there is no memory or no such mode. */
  open(mode: number): number;
  /** @returns 1 speech, 0 none, -1 wrong rate or length. Reads exactly `samples` values of `pcm`, keeps nothing. */
  process(handle: number, sampleRateHz: number, pcm: Int16Array, samples: number): number;
  free(handle: number): void;
}
