import { samplesToMs } from "#engine/plugin";
import { RATE_HZ } from "../wire.ts";

interface Stretch {
  readonly startSample: number;
  readonly ts: number;
}

/** A client that waits says so by its `ts`; less than this is the network's jitter, as most clients stamp frames when they send them. */
const JUMP_MS = 200;
/** Stretches that are kept: results do not speak of audio that lies further back. */
const KEPT = 1000;

/** What time it was by a client's clock at a position of its stream. */
export class ClientClock {
  readonly #stretches: Stretch[] = [];

  /** Audio came that begins there. @param ts ms, as the client stamped it. */
  add(startSample: number, ts: number): void {
    const expected = this.#stretches.length > 0 ? this.tsOf(startSample) : Number.NEGATIVE_INFINITY;
    if (Math.abs(ts - expected) < JUMP_MS) return;
    this.#stretches.push({ startSample, ts });
    if (this.#stretches.length > KEPT) this.#stretches.shift();
  }

  /** Whole ms. 0 before there was any audio. @param ends it is where something ends, which a wait behind it does not move. */
  tsOf(sample: number, ends = false): number {
    let stretch = this.#stretches[0];
    if (!stretch) return 0;
    for (const next of this.#stretches) {
      if (next.startSample > sample || (ends && next.startSample === sample)) break;
      stretch = next;
    }
    return stretch.ts + Math.round(samplesToMs(sample - stretch.startSample, RATE_HZ));
  }
}
