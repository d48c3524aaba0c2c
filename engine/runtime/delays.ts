import {
  type AudioFrame,
  durationMs,
  type EncodedFrame,
  type Frame,
  positionMs,
  type SpeechMark,
  type TextFrame,
} from "#engine/frames";
import type { Clock, Role } from "#engine/plugin";
import type { TimeBook } from "./time-book.ts";

/**
 * What is measured of nodes that wait for something, in ms of the run's clock:
 * - `connect`: a connection to a service, from dialling until it is there.
 * - `firstText`: recognition, from the opening mark of an utterance to its first words.
 * - `final`, `translation`: from the closing mark to the final transcript, or translation.
 * - `firstAudio`: synthesis, from the first text of an utterance to its first audio.
 * - `answer`: a text or a recording that is translated or recognised as a whole, to its first final.
 * Of a recogniser that cuts utterances by itself, and in a stream without marks, the moment counts at which the audio came that a text
 * begins or ends with.
 */
export type DelayKind = "connect" | "firstText" | "final" | "translation" | "firstAudio" | "answer";

export interface DelayAccount {
  readonly count: number;
  readonly meanMs: number;
  readonly maxMs: number;
  readonly lastMs: number;
}

export type DelayAccounts = Readonly<Partial<Record<DelayKind, DelayAccount>>>;

const MEASURED: Readonly<Partial<Record<Role, true>>> = {
  asr: true,
  interpret: true,
  "file-asr": true,
  translate: true,
  tts: true,
};

/** Utterances that may wait for an answer at once; of older ones nothing is measured. */
const MOST_OPEN = 32;
/** Audio that comes so much earlier than its time is no live stream: when a word of it was said means nothing. */
const RUSHED_MS = 500;
/** So many frames of audio make one reading of the clock: it costs as much as passing a frame on. */
const LOOK_EVERY = 8;

interface Sum {
  readonly kind: DelayKind;
  count: number;
  sumMs: number;
  maxMs: number;
  lastMs: number;
}

/** Something that an answer is owed for. */
interface Open {
  readonly of: string;
  readonly kind: DelayKind;
  readonly sinceMs: number;
}

/**
 * How long one node lets others wait. Every run has one for each node that recognises, translates or speaks, so it is small: lists of few
 * entries, made when they are needed.
 */
export class Delays {
  readonly #hears: boolean;
  #sums: Sum[] | undefined;
  #open: Open[] | undefined;
  /** The utterance that something came of last. */
  #answered: string | undefined;
  /** What separates media time from the clock, by the newest audio; undefined where it is no live stream. */
  #lagMs: number | undefined;
  #firstLagMs: number | undefined;
  #frames = 0;

  private constructor(
    role: Role,
    private readonly type: string,
    private readonly clock: Clock,
    private readonly book: TimeBook<DelayKind>,
  ) {
    this.#hears = role === "asr" || role === "interpret";
  }

  /** Undefined for a node of which nothing is measured. */
  static of(role: Role, type: string, clock: Clock, book: TimeBook<DelayKind>): Delays | undefined {
    return MEASURED[role] ? new Delays(role, type, clock, book) : undefined;
  }

  /** Undefined where nothing was measured. */
  get accounts(): DelayAccounts | undefined {
    if (!this.#sums) return undefined;
    return Object.fromEntries(
      this.#sums.map(({ kind, count, sumMs, maxMs, lastMs }) => [
        kind,
        { count, meanMs: sumMs / count, maxMs, lastMs },
      ]),
    );
  }

  add(kind: DelayKind, ms: number): void {
    this.#sums ??= [];
    let sum = this.#sums.find((one) => one.kind === kind);
    if (!sum) {
      sum = { kind, count: 0, sumMs: 0, maxMs: 0, lastMs: 0 };
      this.#sums.push(sum);
    }
    sum.count++;
    sum.sumMs += ms;
    sum.maxMs = Math.max(sum.maxMs, ms);
    sum.lastMs = ms;
    this.book.add(this.type, kind, ms);
  }

  /** A frame goes to the node. */
  handed(frame: Frame): void {
    if (this.#hears) {
      if (frame.kind === "speech") this.#mark(frame);
      else if (frame.kind === "audio" || frame.kind === "encoded") {
        if (this.#frames++ % LOOK_EVERY === 0) this.#heard(frame);
      }
    } else if (frame.kind === "recording") this.#asked("");
    else if (frame.kind === "text" && (frame.final || frame.stableChars > 0)) this.#asked(frame.utterance);
  }

  /** A frame leaves the node. */
  emitted(frame: Frame): void {
    if (!this.#hears) this.#answer(frame);
    else if (frame.kind === "text" && frame.text !== "") this.#said(frame);
  }

  #heard(frame: AudioFrame | EncodedFrame): void {
    const lagMs = this.clock.nowMs() - positionMs(frame) - durationMs(frame);
    this.#firstLagMs ??= lagMs;
    this.#lagMs = lagMs < this.#firstLagMs - RUSHED_MS ? undefined : lagMs;
  }

  #mark({ mark, utterance }: SpeechMark): void {
    if (mark === "start") return this.#owe(utterance, "firstText");
    this.#owe(utterance, "final");
    this.#owe(utterance, "translation");
  }

  #said({ utterance, role, final, startSample, endSample, sampleRateHz }: TextFrame): void {
    const isNew = utterance !== this.#answered;
    this.#answered = utterance;
    if (!this.#paid(utterance, "firstText") && isNew) this.#sinceMedia("firstText", startSample, sampleRateHz);
    if (!final) return;
    const kind = role === "translation" ? "translation" : "final";
    if (!this.#paid(utterance, kind)) this.#sinceMedia(kind, endSample, sampleRateHz);
  }

  #sinceMedia(kind: DelayKind, sample: number, sampleRateHz: number): void {
    if (this.#lagMs === undefined) return;
    const cameMs = this.#lagMs + (sample * 1000) / sampleRateHz;
    this.add(kind, Math.max(0, this.clock.nowMs() - cameMs));
  }

  #asked(of: string): void {
    if (of === this.#answered || this.#open?.some((one) => one.of === of)) return;
    this.#owe(of, "answer");
  }

  /** Of a frame that says of which text it comes, that one's; of another, what is owed longest. */
  #answer(frame: Frame): void {
    const [oldest] = this.#open ?? [];
    if (!oldest || (frame.kind === "text" && !frame.final)) return;
    const named = "utterance" in frame ? frame.utterance : undefined;
    if (named !== undefined && named === this.#answered) return; // more of the same
    const open = this.#open?.find(({ of }) => of === named) ?? oldest;
    this.#open = this.#open?.filter((one) => one !== open);
    this.#answered = open.of;
    this.add(frame.kind === "text" ? "answer" : "firstAudio", this.clock.nowMs() - open.sinceMs);
  }

  #owe(of: string, kind: DelayKind): void {
    this.#open ??= [];
    this.#open.push({ of, kind, sinceMs: this.clock.nowMs() });
    if (this.#open.length > MOST_OPEN) this.#open.shift();
  }

  #paid(of: string, kind: DelayKind): boolean {
    const at = this.#open?.findIndex((one) => one.of === of && one.kind === kind) ?? -1;
    const [open] = at < 0 ? [] : (this.#open?.splice(at, 1) ?? []);
    if (open) this.add(kind, this.clock.nowMs() - open.sinceMs);
    return open !== undefined;
  }
}
