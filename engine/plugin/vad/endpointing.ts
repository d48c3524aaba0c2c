import { msToSamples } from "../../frames/index.ts";

export interface EndpointingSettings {
  /** Audio before the first voiced frame that belongs to the utterance. */
  readonly preRollMs: number;
  /** Voiced audio that opens an utterance; what is unvoiced in between counts against it. */
  readonly minSpeechMs: number;
  /** Unvoiced audio, or audio that is missing from the stream, that ends one. */
  readonly endpointMs: number;
  /** No utterance is longer, its pre-roll counted. */
  readonly maxSegmentMs: number;
  /** The beginning of a stream, in which nothing counts as voiced. */
  readonly settleMs: number;
}

const LONGEST_FRAME_MS = 30;

/** How much audio up to the end of the present frame may come to belong to an utterance; always more than that frame. */
export const lookbackSamples = (
  { preRollMs, minSpeechMs }: Pick<EndpointingSettings, "preRollMs" | "minSpeechMs">,
  sampleRateHz: number,
): number =>
  msToSamples(preRollMs, sampleRateHz) +
  2 * msToSamples(minSpeechMs, sampleRateHz) +
  msToSamples(LONGEST_FRAME_MS, sampleRateHz);

/** What a frame is: outside any utterance, the one that opens, inside, or the last one of an utterance (`full`: of the longest allowed). */
export type Step = "quiet" | "opened" | "speech" | "closed" | "full";

/**
 * Makes utterances of a detector's verdicts. Knows positions in samples and nothing of audio: all in here is decided by counting.
 *
 * An utterance opens when a bucket is full: voiced audio fills it, unvoiced or missing audio empties it at the same pace. A click of
 * two frames therefore opens nothing, and a stop consonant between two vowels does not start the count again.
 */
export class Endpointing {
  readonly #preRoll: number;
  readonly #minSpeech: number;
  readonly #endpoint: number;
  readonly #maxSegment: number;
  readonly #settle: number;
  readonly lookback: number;
  #inUtterance = false;
  #startSample = 0;
  #bucket = 0;
  #onset = 0;
  #voicedEnd = 0;
  /** Where the last utterance ended. */
  #floor = 0;
  /** Where the next frame begins if nothing is missing; undefined before the first. */
  #expected: number | undefined;
  /** Where frames begin to count. */
  #settled = 0;

  constructor(settings: EndpointingSettings, sampleRateHz: number) {
    this.#preRoll = msToSamples(settings.preRollMs, sampleRateHz);
    this.#minSpeech = msToSamples(settings.minSpeechMs, sampleRateHz);
    this.#endpoint = msToSamples(settings.endpointMs, sampleRateHz);
    this.#maxSegment = msToSamples(settings.maxSegmentMs, sampleRateHz);
    this.#settle = msToSamples(settings.settleMs, sampleRateHz);
    this.lookback = lookbackSamples(settings, sampleRateHz);
  }

  get inUtterance(): boolean {
    return this.#inUtterance;
  }

  /** Of the open utterance, or of the last one: no audio before this position belongs to it. */
  get startSample(): number {
    return this.#startSample;
  }

  /** Whether the open utterance ended in a gap: audio is missing from its last voiced frame up to `startSample`, where the next begins. */
  lapsed(startSample: number): boolean {
    return this.#inUtterance && startSample - this.#voicedEnd >= this.#endpoint;
  }

  /** Judges the next frame. Frames come in order; a jump forward is missing audio. */
  next(voiced: boolean, startSample: number, samples: number): Step {
    if (this.#expected === undefined) this.#settled = startSample + this.#settle;
    else if (startSample > this.#expected) this.#drain(startSample - this.#expected);
    const end = startSample + samples;
    this.#expected = end;
    const counts = voiced && startSample >= this.#settled;
    if (!this.#inUtterance && !this.#opens(counts, startSample, samples)) return "quiet";
    if (counts) this.#voicedEnd = end;
    const before = this.#inUtterance;
    this.#inUtterance = true;
    if (end - this.#voicedEnd >= this.#endpoint) return this.#closing("closed");
    if (before && end + samples - this.#startSample > this.#maxSegment) return this.#closing("full");
    return before ? "speech" : "opened";
  }

  /** Ends the open utterance here. @returns whether there was one. */
  close(): boolean {
    const open = this.#inUtterance;
    this.#inUtterance = false;
    this.#bucket = 0;
    if (open) this.#floor = this.#expected ?? 0;
    return open;
  }

  #opens(counts: boolean, startSample: number, samples: number): boolean {
    if (!counts) {
      this.#drain(samples);
      return false;
    }
    if (this.#bucket === 0) this.#onset = startSample;
    this.#bucket += samples;
    if (this.#bucket < this.#minSpeech) return false;
    this.#startSample = Math.max(this.#onset - this.#preRoll, startSample + samples - this.lookback, this.#floor);
    return true;
  }

  #drain(samples: number): void {
    this.#bucket = Math.max(0, this.#bucket - samples);
  }

  #closing(step: Step): Step {
    this.close();
    return step;
  }
}
