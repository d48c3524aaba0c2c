import type { NodeContext, Session } from "#engine/plugin";
import { textFrame } from "../wire/transcript.ts";
import type { Heard } from "../wire.ts";

/** What the sentences of a session stand on. */
export interface SentenceOptions {
  readonly session: Session;
  readonly ctx: NodeContext;
  readonly language?: string;
  /** Where the audio of the node's finals reaches to: nothing that comes later begins before it. */
  readonly order: { endSample: number };
  readonly vendor: () => Readonly<Record<string, string>>;
}

/** One utterance as the workflow gets it: rising revisions, then a final, or a partial taken back. */
class Utterance {
  #revision = 0;
  #last: Heard | undefined;
  done = false;

  constructor(
    readonly id: string,
    readonly options: SentenceOptions,
  ) {}

  tell(heard: Heard): void {
    if (this.done) return this.options.ctx.count("strayResults");
    if (!heard.final && heard.text === (this.#last?.text ?? "")) return;
    if (heard.final && heard.text === "") return this.takeBack();
    this.done = heard.final;
    this.#emit(heard);
  }

  /** Nothing was said, or it will not be known. */
  takeBack(): void {
    if (this.done) return;
    this.done = true;
    const { ctx } = this.options;
    ctx.count("emptyUtterances");
    ctx.report({ type: "emptyUtterance", utterance: this.id });
    const last = this.#last;
    if (last && last.text !== "") this.#emit({ ...last, text: "", final: false, words: [] });
  }

  #emit(heard: Heard): void {
    this.#last = heard;
    const { session, order, language, vendor } = this.options;
    const { timeline } = session;
    const frame = textFrame(heard, {
      utterance: this.id,
      revision: ++this.#revision,
      ...(language !== undefined && { language }),
      sampleRateHz: timeline.sampleRateHz,
      position: (ms) => timeline.positionOfMs(ms),
      fromSample: Math.max(order.endSample, timeline.position(0)),
      vendor: { ...vendor(), sentence: heard.key },
    });
    if (heard.final) order.endSample = frame.endSample;
    session.emit(frame, heard.final ? "final" : "partial");
  }
}

/** Takes what a session hears. */
export interface Sentences {
  heard(heard: Heard): void;
  /** The session has ended, and nothing more comes of it. */
  end(): void;
}

/** Each of the service's sentences is an utterance. */
export class EachSentence implements Sentences {
  readonly #open = new Map<string, Utterance>();
  /** Those that ended; a session has at most a few thousand. */
  readonly #ended = new Set<string>();

  constructor(readonly options: SentenceOptions) {}

  heard(heard: Heard): void {
    const { ctx } = this.options;
    if (this.#ended.has(heard.key)) return ctx.count("strayResults");
    let utterance = this.#open.get(heard.key);
    if (!utterance) {
      utterance = new Utterance(ctx.newUtterance(), this.options);
      this.#open.set(heard.key, utterance);
    }
    utterance.tell(heard);
    if (!utterance.done) return;
    this.#open.delete(heard.key);
    this.#ended.add(heard.key);
  }

  /** A sentence that never got its end is not known. */
  end(): void {
    for (const utterance of this.#open.values()) utterance.takeBack();
    this.#open.clear();
  }
}

/** All of the service's sentences together are the one utterance that the session is about. */
export class OneUtterance implements Sentences {
  readonly #utterance: Utterance;
  readonly #parts = new Map<string, Heard>();

  constructor(options: SentenceOptions) {
    this.#utterance = new Utterance(options.session.utterance ?? options.ctx.newUtterance(), options);
  }

  heard(heard: Heard): void {
    this.#parts.set(heard.key, heard);
    this.#utterance.tell(this.#whole(false));
  }

  end(): void {
    const last = [...this.#parts.values()].at(-1);
    if (last) this.#utterance.tell(this.#whole(true));
    else this.#utterance.takeBack();
  }

  #whole(final: boolean): Heard {
    const parts = [...this.#parts.values()].filter(({ text }) => text !== "");
    const words = parts.flatMap((part) => part.words ?? []);
    return {
      key: [...this.#parts.keys()].join("+"),
      text: parts.reduce((text, part) => joined(text, part.text), ""),
      final,
      beginMs: parts[0]?.beginMs ?? 0,
      endMs: parts.at(-1)?.endMs ?? 0,
      ...(words.length > 0 && { words }),
    };
  }
}

/** With a blank where both sides are of a writing that has them. */
const joined = (before: string, after: string): string =>
  before === "" || /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}，。！？；：、\s]$/u.test(before)
    ? before + after
    : `${before} ${after}`;
