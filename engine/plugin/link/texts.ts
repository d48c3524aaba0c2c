import type { TextFrame, TextRole, Word } from "../../frames/index.ts";

/** What a vendor says of a sentence, its times as positions in the run already. */
export interface TextFacts {
  /** The vendor's own name for the sentence, such as its index. Transcript and translation of one sentence share it. */
  readonly key: string | number | bigint;
  readonly role: TextRole;
  readonly text: string;
  readonly final: boolean;
  readonly startSample: number;
  readonly endSample: number;
  readonly sampleRateHz: number;
  /** How much of a partial the vendor promises to keep. Default 0. */
  readonly stableChars?: number;
  // what is undefined is left out of the frame
  readonly language?: string | undefined;
  readonly words?: readonly Word[] | undefined;
  readonly speaker?: string | undefined;
  readonly channel?: number | undefined;
  readonly confidence?: number | undefined;
  readonly madeFrom?: TextFrame["madeFrom"] | undefined;
  readonly vendor?: TextFrame["vendor"] | undefined;
}

type Writable<T> = { -readonly [Key in keyof T]: T[Key] };

interface State {
  revision: number;
  final: boolean;
  text: string;
}

/** Sentences that are remembered, so that what comes late or twice is known for what it is. */
const REMEMBERED = 1000;

/** Turns a vendor's sentences into text frames: utterance ids, rising revisions, one final each. */
export class Texts {
  readonly #utterances = new Map<string, string>();
  readonly #states = new Map<string, State>();

  /** @param newUtterance called once for each sentence: `ctx.newUtterance`, or what gives the utterance of the speech marks. */
  constructor(readonly newUtterance: () => string) {}

  /** The frame to emit; undefined for what says nothing new: a repeated partial, anything after the final. */
  frame(facts: TextFacts): TextFrame | undefined {
    const { key, role, text, final, stableChars = 0, language, words, speaker, channel, confidence } = facts;
    // into each language there is a translation of its own; a transcript's may be told late, and is no other text for that
    const into = role === "translation" ? (language ?? "") : "";
    const state = this.#state(`${key} ${role} ${into} ${channel ?? ""}`);
    if (state.final || (!final && state.revision > 0 && text === state.text)) return undefined;
    state.revision++;
    state.final = final;
    state.text = text;
    // field by field: it is made for every partial, and spreading costs several times as much
    const frame: Writable<TextFrame> = {
      kind: "text",
      role,
      text,
      utterance: this.utterance(key),
      revision: state.revision,
      final,
      stableChars: final ? text.length : Math.min(stableChars, text.length),
      startSample: facts.startSample,
      endSample: facts.endSample,
      sampleRateHz: facts.sampleRateHz,
    };
    if (language !== undefined) frame.language = language;
    if (words) frame.words = words;
    if (speaker !== undefined) frame.speaker = speaker;
    if (channel !== undefined) frame.channel = channel;
    if (confidence !== undefined) frame.confidence = confidence;
    if (facts.madeFrom) frame.madeFrom = facts.madeFrom;
    if (facts.vendor) frame.vendor = facts.vendor;
    return frame;
  }

  /** Which utterance a sentence is. */
  utterance(key: TextFacts["key"]): string {
    const name = String(key);
    const known = this.#utterances.get(name);
    if (known !== undefined) return known;
    const fresh = this.newUtterance();
    this.#utterances.set(name, fresh);
    forgetOldest(this.#utterances);
    return fresh;
  }

  #state(name: string): State {
    let state = this.#states.get(name);
    if (!state) {
      state = { revision: 0, final: false, text: "" };
      this.#states.set(name, state);
      forgetOldest(this.#states);
    }
    return state;
  }
}

function forgetOldest(map: Map<string, unknown>): void {
  if (map.size <= REMEMBERED) return;
  const [oldest] = map.keys();
  if (oldest !== undefined) map.delete(oldest);
}
