import type { TextFrame, Word } from "#engine/plugin";
import { StablePrefix } from "./stable-prefix.ts";

/** What pocketsphinx-en-us is a model of. */
const LANGUAGE = "en-US";

/** A word, its samples counted from the first sample that was heard of the utterance. */
interface HeardWord {
  readonly text: string;
  readonly startSample: number;
  readonly endSample: number;
}

export interface UtteranceFacts {
  readonly id: string;
  readonly startSample: number;
  readonly sampleRateHz: number;
  /** For how long a word must have stood unchanged to count as stable; infinite where the final is searched for anew. */
  readonly standsSamples: number;
}

/** One utterance while it is heard: where its samples stand on the stream's timeline, and what was said of it so far. */
export class HeardUtterance {
  /** How many samples were heard. */
  heardSamples = 0;
  #revision = 0;
  #text = "";
  /** A new entry wherever a piece does not follow the one before it: an edge that drops leaves gaps. */
  readonly #spans: { readonly heard: number; readonly startSample: number }[] = [];

  readonly #stable: StablePrefix;
  readonly id: string;
  readonly startSample: number;
  readonly sampleRateHz: number;

  constructor({ id, startSample, sampleRateHz, standsSamples }: UtteranceFacts) {
    this.id = id;
    this.startSample = startSample;
    this.sampleRateHz = sampleRateHz;
    this.#stable = new StablePrefix(standsSamples);
  }

  /** On the stream: the position after what was heard last. */
  get endSample(): number {
    const span = this.#spans.at(-1);
    return span ? span.startSample + this.heardSamples - span.heard : this.startSample;
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
    const stableChars = this.#stable.next(text, this.heardSamples);
    if (text === this.#text) return undefined;
    this.#text = text;
    return this.#frame(text, this.endSample, { final: false, stableChars });
  }

  /** @param endSample the position of the closing mark, where there was one. */
  final(heard: readonly HeardWord[], endSample = this.endSample): TextFrame {
    const text = heard.map((word) => word.text).join(" ");
    const words = heard.map((word): Word => {
      const startSample = Math.min(this.#positionOf(word.startSample), endSample);
      // The last sample's own position, so that a word before a gap ends there and not behind it.
      return { text: word.text, startSample, endSample: Math.min(this.#positionOf(word.endSample - 1) + 1, endSample) };
    });
    return this.#frame(text, endSample, { final: true, stableChars: text.length, words });
  }

  #frame(text: string, endSample: number, of: Pick<TextFrame, "final" | "stableChars" | "words">): TextFrame {
    const { id, startSample, sampleRateHz } = this;
    const revision = ++this.#revision;
    return {
      kind: "text",
      role: "transcript",
      text,
      utterance: id,
      revision,
      startSample,
      endSample,
      sampleRateHz,
      language: LANGUAGE,
      ...of,
    };
  }

  #positionOf(heard: number): number {
    const span = this.#spans.findLast((each) => each.heard <= heard) ?? this.#spans[0];
    return span ? span.startSample + heard - span.heard : this.startSample;
  }
}
