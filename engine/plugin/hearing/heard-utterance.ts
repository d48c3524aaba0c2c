import type { TextFrame, Word } from "../../frames/index.ts";

/** A word, its samples counted from the first sample that was heard of the utterance. */
export interface HeardWord {
  readonly text: string;
  readonly startSample: number;
  readonly endSample: number;
}

/** What an engine makes of an utterance. */
export interface Reading {
  readonly text: string;
  /** Left out where the engine tells no times. */
  readonly words?: readonly HeardWord[] | undefined;
}

export interface UtteranceFacts {
  readonly id: string;
  readonly startSample: number;
  readonly sampleRateHz: number;
  /** BCP 47. */
  readonly language?: string | undefined;
  /** How many leading characters of a reading no later one changes. Told of each reading, with how much was heard by then. Default: none. */
  readonly stable?: ((text: string, heardSamples: number) => number) | undefined;
}

/** One utterance while it is heard: where its samples stand on the stream's timeline, and what was said of it so far. */
export class HeardUtterance {
  /** How many samples were heard. */
  heardSamples = 0;
  #revision = 0;
  #text = "";
  /** A new entry wherever a piece does not follow the one before it: an edge that drops leaves gaps. */
  readonly #spans: { readonly heard: number; readonly startSample: number }[] = [];

  constructor(private readonly facts: UtteranceFacts) {}

  get id(): string {
    return this.facts.id;
  }

  /** On the stream: the position after what was heard last. */
  get endSample(): number {
    const span = this.#spans.at(-1);
    return span ? span.startSample + this.heardSamples - span.heard : this.facts.startSample;
  }

  /** A partial was shown, and shows words still. */
  get shown(): boolean {
    return this.#text !== "";
  }

  /** More of it, from that position of the stream. */
  hear(startSample: number, samples: number): void {
    if (this.#spans.length === 0 || startSample !== this.endSample)
      this.#spans.push({ heard: this.heardSamples, startSample });
    this.heardSamples += samples;
  }

  /** The next partial, or undefined where the reading is the one that was shown. Wants to be told of every reading. */
  partial(text: string): TextFrame | undefined {
    const stableChars = this.facts.stable?.(text, this.heardSamples) ?? 0;
    if (text === this.#text) return undefined;
    this.#text = text;
    return this.#frame(text, this.endSample, { final: false, stableChars });
  }

  /** @param endSample the position of the closing mark, where there was one. */
  final({ text, words }: Reading, endSample = this.endSample): TextFrame {
    const placed = words?.map((word) => this.#placed(word, endSample));
    return this.#frame(text, endSample, {
      final: true,
      stableChars: text.length,
      ...(placed && { words: placed }),
    });
  }

  #placed({ text, startSample, endSample }: HeardWord, last: number): Word {
    const start = this.#positionOf(startSample);
    // the last sample's own position, so that a word before a gap ends there and not behind it
    const end = endSample > startSample ? this.#positionOf(endSample - 1) + 1 : start;
    return { text, startSample: Math.min(start, last), endSample: Math.min(end, last) };
  }

  #frame(text: string, endSample: number, of: Pick<TextFrame, "final" | "stableChars" | "words">): TextFrame {
    const { id, startSample, sampleRateHz, language } = this.facts;
    return {
      kind: "text",
      role: "transcript",
      text,
      utterance: id,
      revision: ++this.#revision,
      startSample,
      endSample,
      sampleRateHz,
      ...(language !== undefined && { language }),
      ...of,
    };
  }

  #positionOf(heard: number): number {
    const span = this.#spans.findLast((each) => each.heard <= heard) ?? this.#spans[0];
    return span ? span.startSample + heard - span.heard : this.facts.startSample;
  }
}
