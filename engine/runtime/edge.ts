import type { Frame } from "#engine/frames";
import type { EdgeBuffer } from "#engine/workflow";
import { FrameQueue, isAudible, samplesOf } from "./frame-queue.ts";

/** Frames, and the samples per channel of those that are audio. */
export interface Tally {
  frames: number;
  samples: number;
}

export type DropReason = "full" | "where" | "superseded" | "ended" | "failed" | "cancelled" | "bargeIn";

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

/** What may take a frame at the moment at which it comes. */
export interface Taker {
  /** Asked where nothing is queued before the frame. @returns whether it has taken it; else it is queued */
  takesNow(frame: Frame, samples: number): boolean;
}

/**
 * A bounded queue between two nodes: a ring that says what it does when it is full, and counts everything.
 *
 * Audio is bounded in media time, the rest in frames. One call of a producer may emit several frames, so a `block` edge takes what one
 * call brings and then has no room: producers ask `hasRoom` before each call. `FLOOD_FACTOR` times the bound is more than any call brings.
 */
export class Edge {
  readonly #queue: FrameQueue;
  #framesIn = 0;
  #samplesIn = 0;
  #framesOut = 0;
  #samplesOut = 0;
  /** Made for the first frame that is replaced, as is the next for the first that is dropped. */
  #coalesced: Tally | undefined;
  #dropped: Partial<Record<DropReason, Tally>> | undefined;
  /** Who waits for room. */
  #producers: Waiter[] | undefined;
  readonly #blocks: boolean;
  readonly #keepsOne: boolean;
  readonly #frames: number;
  #consumer: Waiter | undefined;
  #taker: Taker | undefined;
  #wakesAlways = false;
  #closed = false;
  #cut = false;

  constructor(
    readonly id: string,
    readonly buffer: EdgeBuffer,
  ) {
    this.#queue = new FrameQueue(buffer.ms);
    this.#blocks = buffer.whenFull === "block";
    this.#keepsOne = buffer.whenFull === "latest";
    this.#frames = buffer.frames;
  }

  /** Who is woken when a frame comes into the empty edge, or `always` with every frame. */
  connect(consumer: Waiter, always = false): void {
    this.#consumer = consumer;
    this.#wakesAlways = always;
  }

  /** Who is asked first for each frame. */
  offerTo(taker: Taker): void {
    this.#taker = taker;
  }

  get size(): number {
    return this.#queue.size;
  }

  /** Everything was sent. What is still queued is still delivered. */
  get ended(): boolean {
    return this.#closed;
  }

  get hasRoom(): boolean {
    if (this.#blocks) return !this.#full();
    if (this.buffer.whenFull !== "coalesce") return true;
    // A full edge can take one more where that may replace what is queued.
    const { others, audioSamples, limitSamples } = this.#queue;
    return others <= this.buffer.frames && audioSamples < limitSamples;
  }

  /** A producer that ignores back-pressure has left this far behind what one call brings. */
  get flooded(): boolean {
    const { others, audioMs } = this.#queue;
    return others > FLOOD_FACTOR * this.buffer.frames + 1024 || audioMs > FLOOD_FACTOR * this.buffer.ms + 60_000;
  }

  /** Takes a frame, dropping or replacing as the policy says. After `discard` everything is dropped. @param samples of the frame, per channel. */
  push(frame: Frame, samples: number = samplesOf(frame)): void {
    this.#framesIn++;
    this.#samplesIn += samples;
    if (this.#closed) return this.#drop(frame, "ended");
    if (this.#taker !== undefined && this.#queue.size === 0 && this.#passes(this.#taker, frame, samples)) return;
    if (!this.#blocks && this.#full() && !this.#makeRoom(frame)) return;
    this.#queue.push(frame, samples);
    // who is awake takes all that is there before it rests
    if (this.#queue.size === 1 || this.#wakesAlways) this.#consumer?.wake();
  }

  /** Counted before it is taken: whoever looks at the accounts meanwhile finds them balanced. */
  #passes(taker: Taker, frame: Frame, samples: number): boolean {
    this.#framesOut++;
    this.#samplesOut += samples;
    if (taker.takesNow(frame, samples)) return true;
    this.#framesOut--;
    this.#samplesOut -= samples;
    return false;
  }

  /** Counts a frame that may not travel here. */
  refuse(frame: Frame, samples: number, reason: DropReason): void {
    this.#framesIn++;
    this.#samplesIn += samples;
    this.#drop(frame, reason);
  }

  /** The next frame without taking it. */
  peek(): Frame | undefined {
    return this.#queue.peek();
  }

  /** Samples per channel of the frame that `shift` took last. */
  get shiftedSamples(): number {
    return this.#queue.shiftedSamples;
  }

  shift(): Frame | undefined {
    const frame = this.#queue.shift();
    if (frame === undefined) return undefined;
    this.#framesOut++;
    this.#samplesOut += this.#queue.shiftedSamples;
    if (this.#producers !== undefined) this.#wakeProducers();
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
    for (let left = this.#queue.size; left > 0; left--) {
      const frame = this.#queue.shift()!;
      if (matches(frame)) this.#drop(frame, reason);
      else this.#queue.push(frame, samplesOf(frame));
    }
    this.#wakeProducers();
  }

  /** Calls once when there may be room again. */
  onRoom(producer: Waiter): void {
    this.#producers ??= [];
    if (!this.#producers.includes(producer)) this.#producers.push(producer);
  }

  account(): EdgeAccount {
    const inFlight: Tally = { frames: 0, samples: 0 };
    for (let i = 0; i < this.#queue.size; i++) count(inFlight, this.#queue.at(i));
    return {
      edge: this.id,
      in: { frames: this.#framesIn, samples: this.#samplesIn },
      out: { frames: this.#framesOut, samples: this.#samplesOut },
      dropped: structuredClone(this.#dropped ?? {}),
      coalesced: { frames: 0, samples: 0, ...this.#coalesced },
      inFlight,
    };
  }

  #full(): boolean {
    const queue = this.#queue;
    return (
      queue.audioSamples >= queue.limitSamples || queue.others >= this.#frames || (this.#keepsOne && queue.size > 0)
    );
  }

  /** Applies the policy of a full edge; false when the new frame itself was dropped. */
  #makeRoom(frame: Frame): boolean {
    switch (this.buffer.whenFull) {
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
    return !isAudible(frame) && this.#queue.audioSamples > 0;
  }

  #dropAll(reason: DropReason): void {
    for (let frame = this.#queue.shift(); frame; frame = this.#queue.shift()) this.#drop(frame, reason);
  }

  #removeOlderRevision(frame: Frame): void {
    if (frame.kind !== "text") return;
    for (let i = this.#queue.size - 1; i >= 0; i--) {
      const queued = this.#queue.at(i);
      if (queued.kind !== "text" || queued.final) continue;
      if (queued.utterance !== frame.utterance || queued.role !== frame.role || queued.language !== frame.language)
        continue;
      this.#coalesced ??= { frames: 0, samples: 0 };
      count(this.#coalesced, this.#queue.removeAt(i));
      return;
    }
  }

  #removeFirst(matches: (frame: Frame) => boolean, reason: DropReason): void {
    for (let i = 0; i < this.#queue.size; i++)
      if (matches(this.#queue.at(i))) return this.#drop(this.#queue.removeAt(i), reason);
  }

  #drop(frame: Frame, reason: DropReason): void {
    this.#dropped ??= {};
    this.#dropped[reason] ??= { frames: 0, samples: 0 };
    count(this.#dropped[reason], frame);
  }

  #wakeProducers(): void {
    const producers = this.#producers;
    if (producers === undefined || !this.hasRoom) return;
    this.#producers = undefined;
    for (const producer of producers) producer.wake();
  }
}

const FLOOD_FACTOR = 8;

function count(tally: Tally, frame: Frame): void {
  tally.frames++;
  tally.samples += samplesOf(frame);
}
