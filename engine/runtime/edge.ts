import type { AudioFrame, EncodedFrame, Frame } from "#engine/frames";
import type { EdgeBuffer } from "#engine/workflow";

/** Frames, and the samples per channel of those that are audio. */
export interface Tally {
  frames: number;
  samples: number;
}

export type DropReason = "full" | "superseded" | "ended" | "failed" | "cancelled" | "bargeIn";

/** What became of everything that entered an edge: `in` = `out` + all of `dropped` + `coalesced` + `inFlight`. */
export interface EdgeAccount {
  readonly edge: string;
  readonly in: Readonly<Tally>;
  readonly out: Readonly<Tally>;
  readonly dropped: Readonly<Partial<Record<DropReason, Readonly<Tally>>>>;
  readonly coalesced: Readonly<Tally>;
  readonly inFlight: Readonly<Tally>;
}

/** Something that waits for room on an edge, or for frames from it. */
export interface Waiter {
  wake(): void;
}

/** Samples per channel of a frame; 0 where it is no audio. */
export const samplesOf = (frame: Frame): number =>
  frame.kind === "audio" ? frame.pcm.length / frame.channels : frame.kind === "encoded" ? frame.sampleCount : 0;

const isAudible = (frame: Frame): frame is AudioFrame | EncodedFrame =>
  frame.kind === "audio" || frame.kind === "encoded";

/**
 * A bounded queue between two nodes: a ring that says what it does when it is full, and counts everything.
 *
 * Audio is bounded in media time, the rest in frames. One call of a producer may emit several frames, so a `block` edge takes what one
 * call brings and then has no room: producers ask `hasRoom` before each call. `FLOOD_FACTOR` times the bound is more than any call brings.
 */
export class Edge {
  readonly #ring: (Frame | undefined)[] = new Array(16).fill(undefined);
  #mask = 15;
  #head = 0;
  #count = 0;
  #audioMs = 0;
  #others = 0;
  readonly #in: Tally = { frames: 0, samples: 0 };
  readonly #out: Tally = { frames: 0, samples: 0 };
  readonly #coalesced: Tally = { frames: 0, samples: 0 };
  readonly #dropped: Partial<Record<DropReason, Tally>> = {};
  readonly #producers: Waiter[] = [];
  #consumer: Waiter | undefined;
  #closed = false;
  #cut = false;

  constructor(
    readonly id: string,
    readonly buffer: EdgeBuffer,
  ) {}

  /** Who is woken when a frame comes. */
  connect(consumer: Waiter): void {
    this.#consumer = consumer;
  }

  get size(): number {
    return this.#count;
  }

  /** Everything was sent. What is still queued is still delivered. */
  get ended(): boolean {
    return this.#closed;
  }

  get hasRoom(): boolean {
    switch (this.buffer.whenFull) {
      case "block":
        return !this.#full();
      case "coalesce":
        // A full edge can take one more where that may replace what is queued.
        return this.#others <= this.buffer.frames && this.#audioMs < this.buffer.ms;
      default:
        return true;
    }
  }

  /** A producer that ignores back-pressure has left this far behind what one call brings. */
  get flooded(): boolean {
    return (
      this.#others > FLOOD_FACTOR * this.buffer.frames + 1024 || this.#audioMs > FLOOD_FACTOR * this.buffer.ms + 60_000
    );
  }

  /** Takes a frame, dropping or replacing as the policy says. After `discard` everything is dropped. */
  push(frame: Frame): void {
    count(this.#in, frame);
    if (this.#closed) return this.#drop(frame, "ended");
    if (this.#full() && !this.#makeRoom(frame)) return;
    if (this.#count > this.#mask) this.#grow();
    this.#ring[(this.#head + this.#count) & this.#mask] = frame;
    this.#count++;
    this.#weigh(frame, 1);
    this.#consumer?.wake();
  }

  /** The next frame without taking it. */
  peek(): Frame | undefined {
    return this.#ring[this.#head];
  }

  shift(): Frame | undefined {
    const frame = this.#take();
    if (frame) {
      count(this.#out, frame);
      this.#wakeProducers();
    }
    return frame;
  }

  /** Nothing more will be pushed. `cut`: what came before was cut short by a drain or a failure. */
  close(cut: boolean): void {
    this.#closed = true;
    this.#cut ||= cut;
    this.#consumer?.wake();
  }

  get cut(): boolean {
    return this.#cut;
  }

  /** The consumer takes no more: what is queued and what still comes is dropped for that reason. */
  discard(reason: DropReason): void {
    this.#dropAll(reason);
    this.#closed = true;
    this.#wakeProducers();
  }

  /** Drops queued frames that match, wherever they stand. */
  dropWhere(matches: (frame: Frame) => boolean, reason: DropReason): void {
    const kept: Frame[] = [];
    for (let frame = this.#take(); frame; frame = this.#take())
      if (matches(frame)) this.#drop(frame, reason);
      else kept.push(frame);
    for (const frame of kept) {
      this.#ring[(this.#head + this.#count) & this.#mask] = frame;
      this.#count++;
      this.#weigh(frame, 1);
    }
    this.#wakeProducers();
  }

  /** Calls once when there may be room again. */
  onRoom(producer: Waiter): void {
    if (!this.#producers.includes(producer)) this.#producers.push(producer);
  }

  account(): EdgeAccount {
    const inFlight: Tally = { frames: 0, samples: 0 };
    for (let i = 0; i < this.#count; i++) count(inFlight, this.#ring[(this.#head + i) & this.#mask]!);
    return {
      edge: this.id,
      in: { ...this.#in },
      out: { ...this.#out },
      dropped: structuredClone(this.#dropped),
      coalesced: { ...this.#coalesced },
      inFlight,
    };
  }

  #full(): boolean {
    if (this.buffer.whenFull === "latest") return this.#count > 0;
    return this.#audioMs >= this.buffer.ms || this.#others >= this.buffer.frames;
  }

  /** Applies the policy of a full edge; false when the new frame itself was dropped. */
  #makeRoom(frame: Frame): boolean {
    switch (this.buffer.whenFull) {
      case "block":
        return true;
      case "dropNewest":
        if (this.#spared(frame)) return true;
        this.#drop(frame, "full");
        return false;
      case "dropOldest":
        this.#removeFirst((queued) => !this.#spared(queued), "full");
        return true;
      case "latest":
        this.#dropAll("superseded");
        return true;
      case "coalesce":
        this.#removeOlderRevision(frame);
        return true;
      default:
        return true;
    }
  }

  /** On an edge that carries audio, marks and texts are never dropped for being late: they are few, and the rest depends on them. */
  #spared(frame: Frame): boolean {
    return !isAudible(frame) && this.#audioMs > 0;
  }

  #dropAll(reason: DropReason): void {
    for (let frame = this.#take(); frame; frame = this.#take()) this.#drop(frame, reason);
  }

  #removeOlderRevision(frame: Frame): void {
    if (frame.kind !== "text") return;
    for (let i = this.#count - 1; i >= 0; i--) {
      const queued = this.#ring[(this.#head + i) & this.#mask]!;
      if (queued.kind !== "text" || queued.final) continue;
      if (queued.utterance !== frame.utterance || queued.role !== frame.role || queued.language !== frame.language)
        continue;
      this.#removeAt(i);
      count(this.#coalesced, queued);
      return;
    }
  }

  #removeFirst(matches: (frame: Frame) => boolean, reason: DropReason): void {
    for (let i = 0; i < this.#count; i++) {
      const queued = this.#ring[(this.#head + i) & this.#mask]!;
      if (!matches(queued)) continue;
      this.#removeAt(i);
      return this.#drop(queued, reason);
    }
  }

  #removeAt(index: number): void {
    const removed = this.#ring[(this.#head + index) & this.#mask]!;
    for (let i = index; i > 0; i--)
      this.#ring[(this.#head + i) & this.#mask] = this.#ring[(this.#head + i - 1) & this.#mask];
    this.#ring[this.#head] = undefined;
    this.#head = (this.#head + 1) & this.#mask;
    this.#count--;
    this.#weigh(removed, -1);
  }

  #take(): Frame | undefined {
    const frame = this.#ring[this.#head];
    if (this.#count === 0 || !frame) return undefined;
    this.#ring[this.#head] = undefined;
    this.#head = (this.#head + 1) & this.#mask;
    this.#count--;
    this.#weigh(frame, -1);
    return frame;
  }

  #weigh(frame: Frame, sign: 1 | -1): void {
    if (isAudible(frame)) {
      this.#audioMs += (sign * samplesOf(frame) * 1000) / frame.sampleRateHz;
      if (this.#audioMs < 1e-6) this.#audioMs = 0; // what rounding leaves when the last one goes
    } else this.#others += sign;
  }

  #drop(frame: Frame, reason: DropReason): void {
    let tally = this.#dropped[reason];
    if (!tally) {
      tally = { frames: 0, samples: 0 };
      this.#dropped[reason] = tally;
    }
    count(tally, frame);
  }

  #wakeProducers(): void {
    if (this.#producers.length === 0 || !this.hasRoom) return;
    for (const producer of this.#producers.splice(0)) producer.wake();
  }

  #grow(): void {
    const frames = Array.from({ length: this.#count }, (_, i) => this.#ring[(this.#head + i) & this.#mask]);
    this.#mask = this.#mask * 2 + 1;
    this.#ring.length = 0;
    for (let i = 0; i <= this.#mask; i++) this.#ring.push(frames[i]);
    this.#head = 0;
  }
}

const FLOOD_FACTOR = 8;

function count(tally: Tally, frame: Frame): void {
  tally.frames++;
  tally.samples += samplesOf(frame);
}
