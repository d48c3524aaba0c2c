/** What a frame is: outside any utterance, the one that opens, inside, or the last one of an utterance (`full`: of the longest allowed). */
export type SessionStep = "quiet" | "opened" | "speech" | "closed" | "full";

/** By the numbers of endpointing.h. */
export const STEPS: readonly SessionStep[] = ["quiet", "opened", "speech", "closed", "full"];

const VOICED = 0x80;
const STEP_BITS = 0x7f;
const ITEM_FIELDS = 2;
export const EVENT_FIELDS = 4;

/** An utterance that opened or ended. */
export interface SessionEvent {
  /** The number that `stage` gave; 0 of a `push`. */
  readonly item: number;
  /** Counted from the item's first frame. */
  readonly frame: number;
  readonly step: "opened" | "closed" | "full";
  /** Where the utterance starts (no audio before it belongs to it) or ends. */
  readonly atSample: number;
}

/**
 * What the last call to `run` or `push` came to. One for each pool, used again by the next call: read it before. Its arrays are views of
 * buffers of their own, which the collector does not move.
 */
export class Batch {
  items = 0;
  eventCount = 0;
  itemFields = new Int32Array(new ArrayBuffer(64 * ITEM_FIELDS * 4));
  steps = new Uint8Array(new ArrayBuffer(64));
  levels = new Float32Array(new ArrayBuffer(64 * 4));
  eventFields = new Float64Array(new ArrayBuffer(64 * EVENT_FIELDS * 8));

  /** Makes room for that many; what was there is lost. */
  reserve(items: number, frames: number): void {
    if (this.itemFields.length < items * ITEM_FIELDS)
      this.itemFields = new Int32Array(new ArrayBuffer(2 * items * ITEM_FIELDS * 4));
    if (this.steps.length >= frames) return;
    this.steps = new Uint8Array(new ArrayBuffer(2 * frames));
    this.levels = new Float32Array(new ArrayBuffer(2 * frames * 4));
    this.eventFields = new Float64Array(new ArrayBuffer(2 * frames * EVENT_FIELDS * 8));
  }

  /** How many frames an item completed. */
  frames(item: number): number {
    return item < this.items ? this.itemFields[item * ITEM_FIELDS]! : 0;
  }

  /** Whether the detector called a frame of an item voiced. */
  voiced(item: number, frame: number): boolean {
    return (this.steps[this.#place(item, frame)]! & VOICED) !== 0;
  }

  step(item: number, frame: number): SessionStep {
    return STEPS[this.steps[this.#place(item, frame)]! & STEP_BITS]!;
  }

  /** Mean power of a frame in dBFS, where a full-scale square wave is 0; all zeros give -Infinity. */
  levelDbfs(item: number, frame: number): number {
    return 10 * Math.log10(this.levels[this.#place(item, frame)]! / 2 ** 30);
  }

  /** In the order in which each session made them; of several sessions in no order to rely on. */
  *events(): Generator<SessionEvent> {
    const fields = this.eventFields; // a view of four of them costs more than all else here
    for (let at = 0; at < this.eventCount * EVENT_FIELDS; at += EVENT_FIELDS) {
      const item = fields[at]!;
      const frame = fields[at + 1]! - this.itemFields[item * ITEM_FIELDS + 1]!;
      yield { item, frame, step: STEPS[fields[at + 2]!] as SessionEvent["step"], atSample: fields[at + 3]! };
    }
  }

  #place(item: number, frame: number): number {
    if (!(frame >= 0 && frame < this.frames(item)))
      throw new RangeError(`frame ${frame} of item ${item}: the batch has ${this.items} items`);
    return this.itemFields[item * ITEM_FIELDS + 1]! + frame;
  }
}

/** What `short` answers, from its number. */
export const stepOf = (bits: number): { step: SessionStep; voiced: boolean } => ({
  step: STEPS[bits & STEP_BITS]!,
  voiced: (bits & VOICED) !== 0,
});
