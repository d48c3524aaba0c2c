import { type NodeContext, type Session, type TextFrame, Texts } from "#engine/plugin";
import { tell } from "../task/session.ts";
import { type Heard, joinTexts, placedWords } from "../wire/heard.ts";

/** Where the audio of a node's finals reaches to, by role: nothing that comes later begins before it. It outlives sessions. */
export type Order = Map<string, number>;

export interface SentencesOptions {
  readonly ctx: NodeContext;
  readonly session: Session;
  readonly order: Order;
  /** The label of transcripts. */
  readonly language: string | undefined;
  /** Transcripts are wanted; a translation waits for its own. */
  readonly transcripts: boolean;
  /** All sentences are one utterance, which the detector's marks have named. */
  readonly joined: boolean;
  /** Which output a text goes out by. */
  readonly port: (frame: TextFrame) => string;
}

/** What is known of one sentence. */
interface Sentence {
  /** The newest transcript that was sent on. */
  transcript?: TextFrame;
  /** Finals that came before the transcript that they were made from. */
  waiting: Heard[];
}

/** The sentences of one session: puts what the service says into the order that a workflow relies on. */
export class Sentences {
  readonly #texts: Texts;
  readonly #sentences = new Map<string, Sentence>();
  /** Partials that stand, by sentence and role. */
  readonly #open = new Map<string, { readonly heard: Heard; readonly frame: TextFrame }>();
  readonly #done = new Set<string>();
  /** Of a joined utterance: the sentences that are final, by role. */
  readonly #parts = new Map<Heard["role"], Heard[]>();

  constructor(readonly options: SentencesOptions) {
    const { ctx, session, joined } = options;
    this.#texts = new Texts(() => (joined ? session.utterance : undefined) ?? ctx.newUtterance());
  }

  /** Sentences that had their final so far. */
  get finals(): number {
    return this.#done.size;
  }

  hear(heard: Heard): void {
    if (heard.role === "transcript" && !this.options.transcripts) return;
    if (this.options.joined) return this.#joined(heard);
    this.#say(heard);
  }

  /** Nothing more comes. */
  close(): void {
    if (this.options.joined) for (const role of ["transcript", "translation"] as const) this.#closeJoined(role);
    for (const sentence of this.#sentences.values())
      for (const heard of sentence.waiting.splice(0)) this.#emit(heard, sentence);
    for (const { heard } of [...this.#open.values()]) this.#takeBack(heard);
  }

  #say(heard: Heard): void {
    const { ctx, transcripts } = this.options;
    const slot = slotOf(heard);
    if (this.#done.has(slot)) return ctx.count("strayEvents");
    const sentence = this.#sentence(heard.key);
    const early = heard.role === "translation" && transcripts && !this.#done.has(`transcript ${heard.key}`);
    if (early && heard.final) {
      sentence.waiting.push(heard);
      return;
    }
    this.#emit(heard, sentence);
    if (heard.role === "transcript" && heard.final)
      for (const translation of sentence.waiting.splice(0)) this.#emit(translation, sentence);
  }

  /** Of a joined utterance every sentence changes the one text; the final is known when all have come. */
  #joined(heard: Heard): void {
    const parts = this.#parts.get(heard.role) ?? [];
    if (parts.some(({ key }) => key === heard.key)) return this.options.ctx.count("strayEvents");
    if (heard.final) {
      this.#parts.set(heard.role, [...parts, heard]);
      if (heard.text === "") return;
    }
    this.#emit(joinedOf([...parts, heard]), this.#sentence(WHOLE));
  }

  #closeJoined(role: Heard["role"]): void {
    const parts = this.#parts.get(role);
    if (parts) this.#say({ ...joinedOf(parts), final: true });
  }

  #emit(heard: Heard, sentence: Sentence): void {
    const { ctx, session, order, port } = this.options;
    const slot = slotOf(heard);
    if (heard.final) this.#done.add(slot);
    if (heard.text === "") {
      this.#takeBack(heard);
      if (heard.final && heard.role === "transcript") this.#empty(heard);
      return;
    }
    const frame = this.#frame(heard, sentence.transcript);
    if (!frame) return;
    if (heard.role === "transcript") sentence.transcript = frame;
    if (heard.final) {
      order.set(heard.role, frame.endSample);
      this.#open.delete(slot);
    } else {
      this.#open.set(slot, { heard, frame });
      tell(ctx, "changed", { utterance: frame.utterance });
    }
    session.emit(frame, port(frame));
  }

  #frame(heard: Heard, transcript: TextFrame | undefined): TextFrame | undefined {
    const { session, order, language } = this.options;
    const { timeline } = session;
    const position = (ms: number) => timeline.positionOfMs(ms);
    const startSample = Math.max(order.get(heard.role) ?? 0, timeline.position(0), position(heard.beginMs));
    const endSample = Math.max(startSample, position(heard.endMs));
    const label = heard.role === "transcript" ? (heard.language ?? language) : heard.language;
    const { role, text, final, stableChars, speaker, words } = heard;
    return this.#texts.frame({
      key: heard.key,
      role,
      text,
      final,
      stableChars,
      startSample,
      endSample,
      sampleRateHz: timeline.sampleRateHz,
      language: label,
      speaker,
      words: words.length > 0 ? placedWords(words, position, [startSample, endSample]) : undefined,
      madeFrom: role === "translation" && transcript ? sourceOf(transcript) : undefined,
      vendor: heard.vendor,
    });
  }

  #empty({ key }: Heard): void {
    const { ctx } = this.options;
    ctx.count("emptyUtterances");
    ctx.report({ type: "emptyUtterance", utterance: this.#texts.utterance(key) });
  }

  /** A partial stands of which nothing will come, or nothing was said after all. */
  #takeBack(heard: Heard): void {
    const { session, port } = this.options;
    const slot = slotOf(heard);
    const open = this.#open.get(slot);
    this.#open.delete(slot);
    if (!open) return;
    const frame = this.#frame({ ...open.heard, text: "", final: false, words: [], stableChars: 0 }, undefined);
    if (frame) session.emit(frame, port(frame));
  }

  #sentence(key: string): Sentence {
    let sentence = this.#sentences.get(key);
    if (!sentence) {
      sentence = { waiting: [] };
      this.#sentences.set(key, sentence);
    }
    return sentence;
  }
}

/** The one sentence of a joined utterance. */
const WHOLE = "whole";

const slotOf = ({ role, key }: Pick<Heard, "role" | "key">): string => `${role} ${key}`;

const sourceOf = ({ text, language }: TextFrame) => ({ text, ...(language !== undefined && { language }) });

/** Several sentences as one; what is settled of it are all but the last, and what is settled of that. */
function joinedOf(parts: readonly Heard[]): Heard {
  const [first, ...others] = parts;
  if (!first) throw new Error("an utterance of no sentences");
  let { text, stableChars } = first;
  for (const part of others) {
    const whole = joinTexts(text, part.text);
    stableChars = part.stableChars > 0 ? whole.length - part.text.length + part.stableChars : text.length;
    text = whole;
  }
  const last = parts.at(-1) ?? first;
  return {
    ...first,
    key: WHOLE,
    text,
    stableChars,
    final: false,
    endMs: last.endMs,
    words: parts.flatMap(({ words }) => words),
    vendor: last.vendor,
  };
}
