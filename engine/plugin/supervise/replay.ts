import { type Control, durationMs, type Frame, type SpeechMark, samplesToUs, type TextFrame } from "#engine/frames";
import type { Received } from "../node.ts";
import { cutAtPause } from "./pause.ts";

/** What an instance is given, in order: frames, and the controls that must come between the same frames again. */
export type Item = Received | { readonly control: Control };

/** Remembers what an instance was given and has not finished, so that the next one can be given it too. */
export interface Replay {
  /** An item goes to the instance. */
  handed(item: Item): void;
  /** The instance asks for the next item. True when that finishes a unit of work. */
  asked(): boolean;
  /** A frame left the instance. True when that finishes a unit of work. */
  emitted(frame: Frame): boolean;
  /** Hands out what is not finished, and forgets it: the next instance is given it anew. */
  take(): Item[];
  /** Media time in ms of unfinished audio that was too old to be kept, since the last finished unit. */
  readonly lostMs: number;
  /** Up to where `take` hands out speech again that was finished, in µs; undefined: none. */
  readonly overlapsUntilUs: number | undefined;
}

/** The replay of nodes that work on one frame at a time: the frame that was handed over and not yet followed by asking for another. */
export class FrameReplay implements Replay {
  readonly lostMs = 0;
  readonly overlapsUntilUs = undefined;
  #inHand: Item | undefined;
  /** Ends of inputs, which a new instance has to hear of too. */
  #ends: Item[] = [];

  handed(item: Item): void {
    if ("frame" in item) this.#inHand = item;
    else if (item.control.kind === "end") this.#ends.push(item);
  }

  asked(): boolean {
    const finished = this.#inHand !== undefined;
    this.#inHand = undefined;
    return finished;
  }

  emitted(): boolean {
    return false;
  }

  take(): Item[] {
    const items = this.#inHand ? [...this.#ends, this.#inHand] : this.#ends;
    this.#inHand = undefined;
    this.#ends = [];
    return items;
  }
}

/** Twice the longest utterance that a detector is usually set to let through, and then some. */
const KEPT_MS = 60_000;

/**
 * The replay of recognisers: everything since the last final. Finals come in the order of their utterances, so one releases all that was
 * handed over up to the end of its utterance: to its closing mark where the marks name that utterance, else to its `endSample`, or to the
 * last pause before it where that lies in the midst of speech.
 * Audio older than 60 s of media time falls out. What is replayed from the middle of an utterance begins with its opening mark, moved there.
 */
export class UtteranceReplay implements Replay {
  /** Frames of the first port stand without it: they are nearly all there is, and kept for every run that recognises. */
  readonly #kept: (Item | Frame)[] = [];
  #port: string | undefined;
  #keptMs = 0;
  #lostMs = 0;
  #overlapsUntilUs: number | undefined;
  /** The latest end of a final by which audio was released: one that is said again may end a little earlier. */
  #finalUntilUs = 0;
  /** The opening mark of the utterance in whose middle the kept items begin. */
  #open: { readonly port: string; readonly frame: SpeechMark } | undefined;
  /** Roles of the finals that came, by utterances not yet released. */
  readonly #came = new Map<string, Set<string>>();

  /** @param roles what every utterance is answered with, such as transcript and translation; empty: any final will do. */
  constructor(readonly roles: readonly string[]) {}

  get lostMs(): number {
    return this.#lostMs;
  }

  get overlapsUntilUs(): number | undefined {
    return this.#overlapsUntilUs;
  }

  handed(item: Item): void {
    if ("frame" in item) this.#port ??= item.port;
    this.#kept.push("frame" in item && item.port === this.#port ? item.frame : item);
    this.#keptMs += lengthMs(item);
    while (this.#keptMs > KEPT_MS) this.#lostMs += this.#dropFirst();
  }

  asked(): boolean {
    return false;
  }

  emitted(frame: Frame): boolean {
    if (frame.kind !== "text" || !frame.final || !this.#complete(frame)) return false;
    this.#release(frame);
    this.#lostMs = 0;
    return true;
  }

  take(): Item[] {
    const items = this.#kept.splice(0).map((kept) => this.#itemOf(kept));
    const first = items.find((item) => "frame" in item && item.frame.kind === "audio");
    if (this.#open) {
      const mark = this.#open.frame;
      const atSample =
        first && "frame" in first && first.frame.kind === "audio" ? first.frame.startSample : mark.atSample;
      items.unshift({ port: this.#open.port, frame: { ...mark, atSample } });
    }
    this.#open = undefined;
    this.#keptMs = 0;
    this.#lostMs = 0;
    return items;
  }

  #complete(frame: TextFrame): boolean {
    const came = this.#came.get(frame.utterance) ?? new Set();
    this.#came.set(frame.utterance, came.add(frame.role));
    if (!this.roles.every((role) => came.has(role))) return false;
    for (const utterance of this.#came.keys()) {
      this.#came.delete(utterance);
      if (utterance === frame.utterance) break;
    }
    return true;
  }

  #release(final: TextFrame): void {
    const closing = this.#kept.findIndex((kept) => isMark(frameOf(kept), "end", final.utterance));
    const named =
      this.#open?.frame.utterance === final.utterance ||
      this.#kept.some((kept) => isMark(frameOf(kept), "start", final.utterance));
    this.#overlapsUntilUs = undefined;
    if (closing >= 0) for (let i = 0; i <= closing; i++) this.#dropFirst();
    else if (named) while (this.#kept.length > 0) this.#dropFirst();
    else {
      const untilUs = Math.max(this.#finalUntilUs, samplesToUs(final.endSample, final.sampleRateHz));
      this.#finalUntilUs = untilUs;
      const { done, overlaps } = cutAtPause((index) => frameOf(this.#kept[index]), this.#kept.length, untilUs);
      for (let i = 0; i < done; i++) this.#dropFirst();
      if (overlaps) this.#overlapsUntilUs = untilUs;
    }
  }

  #itemOf(kept: Item | Frame): Item {
    return "kind" in kept ? { port: this.#port!, frame: kept } : kept;
  }

  /** Returns the media time that it held. */
  #dropFirst(): number {
    const kept = this.#kept.shift();
    if (!kept) return 0;
    const item = this.#itemOf(kept);
    if ("frame" in item && item.frame.kind === "speech")
      this.#open = item.frame.mark === "start" ? { port: item.port, frame: item.frame } : undefined;
    const ms = lengthMs(item);
    this.#keptMs -= ms;
    return ms;
  }
}

/** Media time of what an instance is given, in ms. */
export const lengthMs = (item: Item): number => ("frame" in item ? durationMs(item.frame) : 0);

/** Undefined for a control, which ends where it stands, behind what came before it. */
const frameOf = (kept: Item | Frame | undefined): Frame | undefined =>
  kept === undefined || "kind" in kept ? kept : "frame" in kept ? kept.frame : undefined;

const isMark = (frame: Frame | undefined, mark: SpeechMark["mark"], utterance: string): boolean =>
  frame?.kind === "speech" && frame.mark === mark && frame.utterance === utterance;
