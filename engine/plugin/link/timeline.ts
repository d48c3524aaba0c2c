import { msToSamples, samplesToMs } from "../../frames/index.ts";

interface Stretch {
  /** Count of samples sent in the session before it. */
  readonly sent: number;
  readonly startSample: number;
}

/** Stretches that are kept: a vendor does not speak of audio that lies further back. */
const KEPT = 1000;

/**
 * Where the audio of one vendor session stands in the run. A vendor counts from the first sample that it was sent; the run's own positions
 * have gaps where audio was gated or dropped.
 */
export class Timeline {
  #stretches: Stretch[] = [];
  #sent = 0;
  #end = 0;

  /** @param sampleRateHz of the positions, and of what is sent. */
  constructor(readonly sampleRateHz: number) {}

  /** Samples per channel that were sent in this session. */
  get sentSamples(): number {
    return this.#sent;
  }

  /** The position after the last sample that was sent. */
  get endSample(): number {
    return this.#end;
  }

  get sentMs(): number {
    return samplesToMs(this.#sent, this.sampleRateHz);
  }

  /** Audio goes out that stood there. */
  add(startSample: number, samples: number): void {
    if (this.#stretches.length === 0 || startSample !== this.#end) {
      this.#stretches.push({ sent: this.#sent, startSample });
      if (this.#stretches.length > KEPT) this.#stretches.shift();
    }
    this.#sent += samples;
    this.#end = startSample + samples;
  }

  /** The run's position of a sample of the session; what lies outside of the session is moved to its nearer end. */
  position(sessionSample: number): number {
    const at = Math.min(Math.max(0, Math.round(sessionSample)), this.#sent);
    let stretch = this.#stretches[0];
    if (!stretch) return 0;
    for (const next of this.#stretches) {
      if (next.sent > at) break;
      stretch = next;
    }
    return stretch.startSample + Math.max(0, at - stretch.sent);
  }

  /** The same for milliseconds from the session's beginning, as most vendors count. */
  positionOfMs(ms: number): number {
    return this.position(msToSamples(ms, this.sampleRateHz));
  }
}
