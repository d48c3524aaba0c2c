import type { TextFrame } from "#engine/plugin";

/** A transcript with what it was translated into. */
export interface Told {
  readonly transcript: TextFrame;
  readonly translations: readonly TextFrame[];
}

interface Pending {
  transcript: TextFrame;
  readonly translations: Map<string, TextFrame>;
}

/** The service tells a sentence together with its translations; a workflow gives them one after the other. */
export class Translations {
  readonly #pending = new Map<string, Pending>();

  /** @param targets in so many languages a sentence is translated; a workflow that gives fewer tells at the next sentence, or the end. */
  constructor(private readonly targets: readonly string[]) {}

  /** What can be told now, in order. */
  heard(frame: TextFrame): Told[] {
    if (frame.role === "transcript") return this.#transcript(frame);
    if (frame.role !== "translation") return [];
    const pending = this.#pending.get(frame.utterance);
    if (!pending) return [];
    pending.translations.set(frame.language ?? this.targets[0] ?? "", frame);
    if (!frame.final) return pending.transcript.final ? [] : [toldOf(pending)];
    return pending.transcript.final && this.#isWhole(pending) ? this.#take(frame.utterance) : [];
  }

  /** What never got all its translations. */
  rest(): Told[] {
    return [...this.#pending.keys()].flatMap((utterance) => this.#take(utterance));
  }

  #transcript(frame: TextFrame): Told[] {
    const before = [...this.#pending.entries()].filter(
      ([utterance, { transcript }]) => utterance !== frame.utterance && transcript.final,
    );
    const waiting = before.length > 3 ? before.slice(0, -3).flatMap(([utterance]) => this.#take(utterance)) : [];
    const pending = this.#pending.get(frame.utterance);
    if (pending) pending.transcript = frame;
    else this.#pending.set(frame.utterance, { transcript: frame, translations: new Map() });
    return frame.final ? waiting : [...waiting, { transcript: frame, translations: [] }];
  }

  #isWhole({ translations }: Pending): boolean {
    const finals = [...translations.values()].filter(({ final }) => final);
    return finals.length >= this.targets.length;
  }

  #take(utterance: string): Told[] {
    const pending = this.#pending.get(utterance);
    this.#pending.delete(utterance);
    return pending?.transcript.final ? [toldOf(pending)] : [];
  }
}

const toldOf = ({ transcript, translations }: Pending): Told => ({
  transcript,
  translations: [...translations.values()].filter(({ final }) => final || !transcript.final),
});
