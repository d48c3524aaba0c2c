/** Time as it is passed in: the machine's, or a virtual one that stands still while there is work to do. */
export interface Clock {
  /** A virtual clock is not the machine's: real sockets and devices refuse to work under it. */
  readonly virtual: boolean;
  /** Milliseconds since the clock began; never goes back. */
  nowMs(): number;
  /** Calls once after that time, unless called off by the function that it returns. */
  after(ms: number, call: () => void): () => void;
  /** Resolves after that time; rejects with the signal's reason when it aborts first. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}
