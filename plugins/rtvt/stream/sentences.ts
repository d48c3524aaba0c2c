import { type NodeContext, type TextFrame, Texts } from "#engine/plugin";
import { type Place, sentenceKey, textFacts } from "../wire/results.ts";
import type { TextResult } from "../wire.ts";

/** What is known of one sentence. */
interface Sentence {
  readonly key: string;
  /** The newest transcript that was sent on. */
  transcript: TextFrame | undefined;
  /** Transcripts that were sent on, by their `endTs`: a translation has the same as what it was made from. */
  readonly heard: Map<number, TextFrame>;
  /** Partials that stand, by role and language. */
  readonly open: Map<string, TextFrame>;
  /** What has had its final, by role and language. */
  readonly done: Set<string>;
  /** Translations that came before the transcript that they belong to. */
  waiting: TextResult[];
}

export interface SentencesOptions {
  readonly ctx: Pick<NodeContext, "newUtterance" | "count" | "report">;
  /** Transcripts were asked for. */
  readonly transcripts: boolean;
  /** Translations were asked for. */
  readonly translations: boolean;
}

type Ruler = Pick<Place, "sampleRateHz" | "position">;

/** More than are ever open at once; of older ones nothing is expected. */
const REMEMBERED = 1000;

const slotOf = ({ role, lang }: Pick<TextResult, "role" | "lang">): string =>
  role === "transcript" ? role : `${role} ${lang ?? ""}`;

/** The sentences of a node: puts results that are late, doubled or out of order into the order that a workflow relies on. */
export class Sentences {
  readonly #texts: Texts;
  readonly #sentences = new Map<string, Sentence>();
  /** Where the transcripts that are final reach to. */
  #endSample = 0;
  /** Of results without a sentence id: which sentence they are about. */
  #unnamed = 0;
  readonly #spoken = new Map<string, string>();
  readonly #out: TextFrame[] = [];

  constructor(readonly options: SentencesOptions) {
    this.#texts = new Texts(() => options.ctx.newUtterance());
  }

  /** The utterance of the last final translation with that text, for the speech that was made of it. */
  utteranceOf(text: string): string | undefined {
    return this.#spoken.get(text);
  }

  /** What a result gives to send on, in order. */
  take(result: TextResult, ruler: Ruler): TextFrame[] {
    const sentence = this.#sentence(result);
    const early = result.role === "translation" && this.options.transcripts && !sentence.done.has("transcript");
    if (sentence.done.has(slotOf(result))) this.options.ctx.count("staleResults");
    else if (early && result.final) sentence.waiting.push(result);
    else this.#say(sentence, result, ruler);
    return this.#out.splice(0);
  }

  /** Nothing more comes: translations without their transcripts are let go, and partials that stand are taken back. */
  close(ruler: Ruler): TextFrame[] {
    for (const sentence of this.#sentences.values()) {
      for (const result of sentence.waiting.splice(0)) this.#say(sentence, result, ruler);
      for (const slot of [...sentence.open.keys()]) this.#takeBack(sentence, slot);
    }
    this.#sentences.clear();
    return this.#out.splice(0);
  }

  #say(sentence: Sentence, result: TextResult, ruler: Ruler): void {
    const slot = slotOf(result);
    if (result.final) {
      sentence.done.add(slot);
      if (result.taskId === undefined && this.#isLast(result)) this.#unnamed++;
    }
    if (result.text === "") this.#empty(sentence, slot, result.final);
    else this.#emit(sentence, slot, result, ruler);
    if (slot === "transcript" && result.final)
      for (const translation of sentence.waiting.splice(0)) this.#say(sentence, translation, ruler);
  }

  #emit(sentence: Sentence, slot: string, result: TextResult, ruler: Ruler): void {
    const { ctx } = this.options;
    const transcript = result.role === "translation" ? sourceOf(sentence, result) : undefined;
    const place = { ...ruler, position: ruler.position, fromSample: this.#endSample, transcript };
    const frame = this.#texts.frame(textFacts(result, sentence.key, place));
    if (!frame) return ctx.count("staleResults");
    if (result.final) sentence.open.delete(slot);
    else sentence.open.set(slot, frame);
    if (frame.role === "transcript") {
      sentence.transcript = frame;
      remember(sentence.heard, result.endTs, frame);
    }
    if (frame.role === "transcript" && frame.final) this.#endSample = frame.endSample;
    if (frame.role === "translation" && frame.final) remember(this.#spoken, frame.text, frame.utterance);
    if (result.final && result.recTs !== undefined) {
      ctx.count("recognitionDelayMs", Math.max(0, result.recTs - result.endTs));
      ctx.count("recognitionDelays");
    }
    this.#out.push(frame);
  }

  /** No words, or none after all. */
  #empty(sentence: Sentence, slot: string, final: boolean): void {
    this.#takeBack(sentence, slot);
    if (!final || slot !== "transcript") return;
    const { ctx } = this.options;
    ctx.count("emptyUtterances");
    ctx.report({ type: "emptyUtterance", utterance: this.#texts.utterance(sentence.key) });
  }

  #takeBack(sentence: Sentence, slot: string): void {
    const last = sentence.open.get(slot);
    sentence.open.delete(slot);
    if (!last) return;
    const { kind: _kind, utterance: _utterance, revision: _revision, ...facts } = last;
    const frame = this.#texts.frame({ ...facts, key: sentence.key, text: "", stableChars: 0 });
    if (frame) this.#out.push(frame);
  }

  #sentence(result: TextResult): Sentence {
    const key = sentenceKey(result.streamId, result.taskId ?? `unnamed ${this.#unnamed}`);
    const known = this.#sentences.get(key);
    if (known) return known;
    const fresh = {
      key,
      transcript: undefined,
      heard: new Map(),
      open: new Map(),
      done: new Set<string>(),
      waiting: [],
    };
    remember(this.#sentences, key, fresh);
    return fresh;
  }

  /** With it, all that was asked for of a sentence has come. */
  #isLast(result: TextResult): boolean {
    return result.role === "translation" || !this.options.translations;
  }
}

const sourceOf = ({ heard, transcript }: Sentence, { final, endTs }: TextResult): TextFrame | undefined =>
  final ? transcript : (heard.get(endTs) ?? transcript);

function remember<Key, Value>(map: Map<Key, Value>, key: Key, value: Value): void {
  map.set(key, value);
  if (map.size <= REMEMBERED) return;
  const [oldest] = map.keys();
  if (oldest !== undefined) map.delete(oldest);
}
