import { endSample, type Frame, msToSamples, type SpeechMark } from "#engine/frames";
import type { Clock } from "#engine/plugin";
import type { PlannedBargeIn } from "#engine/workflow";
import type { DropReason, Tally } from "./edge.ts";
import { samplesOf } from "./frame-queue.ts";
import type { Link, Receiver } from "./link.ts";
import type { Unit } from "./unit.ts";

/** Utterances that are remembered; more than are ever under way at once. */
const REMEMBERED = 1000;

/** What a barge-in did, as the node that heard it reports it. */
export interface BargedIn {
  /** The utterance that barged in. */
  readonly utterance: string;
  /** From where voice was first heard to where the trigger fell, in media time. */
  readonly heardMs: number;
  /** What waited for the flushed nodes and was dropped. */
  readonly dropped: Readonly<Tally>;
  /** Nodes that were told. */
  readonly flushed: readonly string[];
}

export interface BargeInHost {
  readonly clock: Clock;
  bargedIn(node: string, what: BargedIn): void;
}

interface Open {
  readonly utterance: string;
  readonly node: string;
  readonly fromSample: number;
  readonly sampleRateHz: number;
  /** The clock ahead of the stream, at the frame that came with the least delay: what was heard at a position was heard that much later. */
  aheadMs: number;
  /** Calls off the timer of an output that carries marks alone. */
  readonly callOff: () => void;
}

/**
 * One `bargeIn` of a run: listens to marks, and silences the flushed nodes when an utterance has lasted `minMs`.
 *
 * What was derived from an earlier utterance is dropped on the edges into those nodes, then and later, and what they still make of it on the
 * edges out of them; each drop is counted as `bargeIn`. The nodes hear of it by their `onControl`, in the same call. What is `protected`
 * passes, and so does what belongs to the utterance that barged in.
 */
export class BargeIn {
  readonly #units: Unit[] = [];
  #open: Open | undefined;
  /** Utterances that were heard, or on their way through a flushed node, in order. */
  readonly #known = new Set<string>();
  readonly #silenced = new Set<string>();
  #lastKnown: string | undefined;

  constructor(
    readonly planned: PlannedBargeIn,
    readonly host: BargeInHost,
  ) {}

  /** What listens at an output of `when`. */
  listener(node: string): Receiver {
    return {
      receive: (frame) => this.#hear(frame, node),
      linkEnded: () => this.#close(),
    };
  }

  flushes(unit: Unit): boolean {
    return this.planned.flush.includes(unit.id);
  }

  /** A node to flush. */
  add(unit: Unit): void {
    this.#units.push(unit);
  }

  /** From now on asks of every frame on a link into or out of a flushed node. */
  guard(link: Link): void {
    link.refuse((frame) => this.#refusal(frame));
  }

  #refusal(frame: Frame): DropReason | undefined {
    const utterance = utteranceOf(frame);
    if (utterance === undefined || isProtected(frame)) return undefined;
    if (this.#silenced.size > 0 && this.#silenced.has(utterance)) return "bargeIn";
    if (utterance !== this.#lastKnown) this.#know(utterance);
    return undefined;
  }

  #hear(frame: Frame, node: string): void {
    const open = this.#open;
    if (frame.kind === "speech") {
      if (frame.mark === "start") this.#begin(frame, node);
      else if (open && open.utterance === frame.utterance) {
        this.#lasted(open, frame.atSample);
        this.#close();
      }
    } else if (open && frame.kind === "audio") {
      const until = endSample(frame);
      open.aheadMs = Math.min(open.aheadMs, this.host.clock.nowMs() - (until * 1000) / frame.sampleRateHz);
      this.#lasted(open, until);
    }
  }

  #begin(mark: SpeechMark, node: string): void {
    this.#close();
    this.#know(mark.utterance);
    const { minMs, timed } = this.planned;
    const fromSample = mark.voicedSample ?? mark.atSample;
    const { utterance, sampleRateHz } = mark;
    const late = () => this.#trigger(open, minMs);
    const callOff = timed ? this.host.clock.after(minMs, late) : () => {};
    const aheadMs = this.host.clock.nowMs() - (fromSample * 1000) / sampleRateHz;
    const open: Open = { utterance, node, fromSample, sampleRateHz, aheadMs, callOff };
    this.#open = open;
  }

  #lasted(open: Open, untilSample: number): void {
    const samples = untilSample - open.fromSample;
    if (samples < msToSamples(this.planned.minMs, open.sampleRateHz)) return;
    this.#trigger(open, (samples * 1000) / open.sampleRateHz);
  }

  #close(): void {
    this.#open?.callOff();
    this.#open = undefined;
  }

  /** Once for an utterance: nothing of it is waited for afterwards. */
  #trigger(open: Open, heardMs: number): void {
    this.#close();
    const { utterance, node, fromSample, sampleRateHz, aheadMs } = open;
    const voicedAtMs = (fromSample * 1000) / sampleRateHz + aheadMs;
    for (const known of this.#known) if (known !== utterance) this.#silence(known);
    const dropped: Tally = { frames: 0, samples: 0 };
    const earlier = (frame: Frame): boolean => {
      const drops = isSpoken(frame) && !isProtected(frame) && utteranceOf(frame) !== utterance;
      if (drops) {
        dropped.frames++;
        dropped.samples += samplesOf(frame);
      }
      return drops;
    };
    for (const unit of this.#units) for (const { edge } of unit.inlet.feeds) edge.dropWhere(earlier, "bargeIn");
    for (const unit of this.#units) unit.control({ kind: "barge-in", utterance, voicedAtMs });
    const flushed = this.#units.filter((unit) => unit.state === "running").map((unit) => unit.id);
    this.host.bargedIn(node, { utterance, heardMs, dropped, flushed });
  }

  #know(utterance: string): void {
    this.#lastKnown = utterance;
    this.#known.delete(utterance); // so that it stands behind those that came before
    this.#known.add(utterance);
    forgetOldest(this.#known);
  }

  #silence(utterance: string): void {
    this.#known.delete(utterance);
    this.#silenced.add(utterance);
    forgetOldest(this.#silenced);
  }
}

function forgetOldest(set: Set<string>): void {
  if (set.size <= REMEMBERED) return;
  for (const oldest of set) return void set.delete(oldest);
}

/** What is heard, or becomes what is heard. Marks and data stay: they are few, and others depend on them. */
const isSpoken = (frame: Frame): boolean => frame.kind === "audio" || frame.kind === "encoded" || frame.kind === "text";

const utteranceOf = (frame: Frame): string | undefined =>
  frame.kind === "text" || frame.kind === "audio" || frame.kind === "encoded" ? frame.utterance : undefined;

const isProtected = (frame: Frame): boolean => "protected" in frame && frame.protected === true;
