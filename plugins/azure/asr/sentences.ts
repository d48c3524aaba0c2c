import { type NodeContext, type Session, type TextFrame, Texts, type Word } from "#engine/plugin";
import type { Heard, Translations } from "../wire/recognised.ts";
import { ticksToMs } from "../wire.ts";

/** Ports: transcripts and translations, partials apart where the node has such ports. */
export interface Ports {
  readonly transcript: { readonly final: string; readonly partial: string };
  readonly translation?: { readonly final: string; readonly partial: string };
}

export interface SentencesOptions {
  readonly ctx: NodeContext;
  readonly session: Session;
  readonly ports: Ports;
  /** The turn, as the service's own logs name it. */
  readonly requestId: string;
  /** Label of texts whose language the service does not tell. */
  readonly language: string | undefined;
  /** Where the audio of the node's finals reaches to: nothing that comes later begins before it. */
  readonly order: { endSample: number };
}

/** The sentences of one turn, in order: each has rising revisions and one final, or is taken back. */
export class Sentences {
  readonly #texts: Texts;
  readonly #vendor: { readonly requestId: string };
  #index = 1;
  /** What was shown of the sentence that is under way. */
  #shown: Heard | undefined;
  /** Where the last phrase ended, in ticks of the turn. */
  endTicks = 0;

  constructor(private readonly options: SentencesOptions) {
    const { ctx, session, requestId } = options;
    this.#vendor = { requestId };
    let first = session.utterance;
    this.#texts = new Texts(() => {
      const utterance = first ?? ctx.newUtterance();
      first = undefined;
      return utterance;
    });
  }

  partial(heard: Heard, translations?: Translations): void {
    if (heard.text === "" && !this.#shown) return;
    this.#shown = heard;
    this.#emit(heard, false);
    this.#translated(heard, translations, false);
  }

  final(heard: Heard, translations?: Translations): void {
    this.endTicks = Math.max(this.endTicks, heard.endTicks);
    if (heard.text === "") return this.takeBack(heard);
    this.#emit(heard, true);
    this.#translated(heard, translations, true);
    this.options.order.endSample = Math.max(this.options.order.endSample, this.#place(heard).endSample);
    this.#next();
  }

  /** Nothing was said, or it will not be known. */
  takeBack(heard?: Heard): void {
    const { ctx } = this.options;
    const utterance = this.#texts.utterance(this.#index);
    ctx.count("emptyUtterances");
    ctx.report({ type: "emptyUtterance", utterance });
    if (this.#shown && this.#shown.text !== "") this.#emit({ ...(heard ?? this.#shown), text: "" }, false);
    this.#next();
  }

  /** Whether something was shown that has no final yet. */
  get isOpen(): boolean {
    return this.#shown !== undefined;
  }

  #next(): void {
    this.#index++;
    this.#shown = undefined;
  }

  /** Language and channel may be told with a phrase and not before: they do not tell sentences apart. */
  #emit(heard: Heard, final: boolean): void {
    const { text, language = this.options.language, speaker } = heard;
    const { transcript } = this.options.ports;
    const { startSample, endSample, sampleRateHz } = this.#place(heard);
    const frame = this.#texts.frame({
      key: this.#index,
      role: "transcript",
      text,
      final,
      startSample,
      endSample,
      sampleRateHz,
      language,
      speaker,
      confidence: final ? heard.confidence : undefined,
      words: final ? heard.words?.map((word) => this.#word(word)) : undefined,
      vendor: this.#vendor,
    });
    this.#send(frame, final ? transcript.final : transcript.partial);
  }

  #translated(heard: Heard, translations: Translations | undefined, final: boolean): void {
    const ports = this.options.ports.translation;
    if (!translations || !ports) return;
    if (translations.TranslationStatus !== undefined && translations.TranslationStatus !== "Success")
      return this.options.ctx.count("failedTranslations");
    const source = heard.language ?? this.options.language;
    for (const { Language, Text, DisplayText } of translations.Translations) {
      const text = Text ?? DisplayText ?? "";
      if (text === "") continue;
      const frame = this.#texts.frame({
        key: this.#index,
        role: "translation",
        text,
        final,
        language: Language,
        ...this.#place(heard),
        madeFrom: { text: heard.text, ...(source !== undefined && { language: source }) },
        vendor: this.#vendor,
      });
      this.#send(frame, final ? ports.final : ports.partial);
    }
  }

  #send(frame: TextFrame | undefined, port: string): void {
    if (frame) this.options.session.emit(frame, port);
    else this.options.ctx.count("repeatedTexts");
  }

  #place({ startTicks, endTicks }: Heard): Pick<TextFrame, "startSample" | "endSample" | "sampleRateHz"> {
    const { timeline } = this.options.session;
    const startSample = Math.max(this.options.order.endSample, timeline.positionOfMs(ticksToMs(startTicks)));
    const endSample = Math.max(startSample, timeline.positionOfMs(ticksToMs(endTicks)));
    return { startSample, endSample, sampleRateHz: timeline.sampleRateHz };
  }

  #word({ text, startTicks, endTicks }: { text: string; startTicks: number; endTicks: number }): Word {
    const { timeline } = this.options.session;
    const startSample = timeline.positionOfMs(ticksToMs(startTicks));
    return { text, startSample, endSample: Math.max(startSample, timeline.positionOfMs(ticksToMs(endTicks))) };
  }
}
