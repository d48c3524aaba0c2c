import { EngineError, type Frame, type NodeContext, type Session, type Wire } from "#engine/plugin";
import { phraseFailure } from "../status.ts";
import { type ServedTurn, Turn } from "../turn.ts";
import {
  type Heard,
  heardPhrase,
  heardSoFar,
  hypothesis,
  type Phrase,
  phrase,
  readBody,
  type Translations,
  translated,
  translationResponse,
} from "../wire/recognised.ts";
import { type SpeechMessage, ticksToMs, waveHeader } from "../wire.ts";
import { type ListenSettings, modeOf } from "./config.ts";
import { speechConfig, speechContext } from "./request.ts";
import { type Ports, Sentences } from "./sentences.ts";

export interface ListenOptions {
  readonly settings: ListenSettings;
  readonly ctx: NodeContext;
  readonly wire: Wire;
  readonly ports: Ports;
  readonly order: { endSample: number };
  /** The connection was not told yet who we are. */
  readonly isFirst: boolean;
}

/** So much audio after the last phrase may stay unrecognised where the service ends a turn by itself: it was silence. */
const SPARE_MS = 300;

/** One turn of recognition: configuration, audio, and what the service hears in it. */
export class ListenSession implements ServedTurn {
  readonly #turn: Turn;
  readonly #sentences: Sentences;
  readonly #ended: PromiseWithResolvers<void>;
  #over = false;
  #asked = false;
  #began = false;
  /** The service said that this is the end of what it was given. */
  #told = false;

  constructor(
    private readonly session: Session,
    private readonly options: ListenOptions,
  ) {
    const { ctx, wire, ports, order, settings } = options;
    this.#turn = new Turn(ctx, wire);
    this.#ended = wire.expect();
    const language = settings.languages ? undefined : settings.language;
    this.#sentences = new Sentences({ ctx, session, ports, language, order, requestId: this.#turn.id });
  }

  get ctx(): NodeContext {
    return this.options.ctx;
  }

  get turnId(): string | undefined {
    return this.#over ? undefined : this.#turn.id;
  }

  /** The service answers nothing before there is audio: the turn is open when it has been asked for. */
  async open(): Promise<void> {
    const { settings, isFirst } = this.options;
    if (isFirst) this.#turn.json("speech.config", speechConfig(settings));
    this.#turn.json("speech.context", speechContext(settings, this.#turn.id));
  }

  send(frame: Frame): void {
    if (frame.kind !== "audio" || this.#over) return;
    if (!this.#began) this.#turn.bytes("audio", waveHeader(frame.sampleRateHz), "audio/x-wav");
    this.#began = true;
    this.#turn.audio(frame.pcm);
  }

  finish(): Promise<void> {
    if (!this.#over && !this.#asked) {
      this.#asked = true;
      if (this.#began) this.#turn.bytes("audio", new Uint8Array(0));
      else this.#end(); // without audio there is no turn, and no answer
    }
    return this.#ended.promise;
  }

  message(message: SpeechMessage): void {
    switch (message.path) {
      case "speech.hypothesis":
      case "speech.fragment":
        return this.#sentences.partial(heardSoFar(readBody(message, hypothesis)));
      case "speech.phrase":
        return this.#phrase(readBody(message, phrase));
      case "translation.hypothesis": {
        const { Translation, Text, ...place } = readBody(message, translated);
        return this.#sentences.partial(heardSoFar({ Text, ...place }), Translation);
      }
      case "translation.phrase": {
        const { Translation, Text, RecognitionStatus = "Success", ...place } = readBody(message, translated);
        return this.#phrase({ RecognitionStatus, DisplayText: Text, ...place }, Translation);
      }
      case "translation.response":
        return this.#response(message);
      case "turn.end":
        return this.#turnEnd();
      case "turn.start":
      case "speech.startdetected":
        return;
      case "speech.enddetected":
        this.#told = true;
        return;
      default:
        return this.options.ctx.count("unknownMessages");
    }
  }

  #response(message: SpeechMessage): void {
    const { SpeechPhrase, SpeechHypothesis, ...translations } = readBody(message, translationResponse);
    if (SpeechPhrase) this.#phrase(SpeechPhrase, translations);
    else if (SpeechHypothesis) this.#sentences.partial(heardSoFar(SpeechHypothesis), translations);
  }

  #phrase(said: Phrase, translations?: Translations): void {
    const failure = phraseFailure(said.RecognitionStatus);
    if (failure) throw failure;
    const heard: Heard = heardPhrase(said);
    switch (said.RecognitionStatus) {
      case "Success":
        return this.#sentences.final(heard, translations);
      case "EndOfDictation":
        this.#told = true;
        return;
      default: // nothing was understood, or nothing was said
        this.options.ctx.report({ type: "noMatch", vendorCode: said.RecognitionStatus });
        return this.#sentences.final({ ...heard, text: "" });
    }
  }

  /**
   * A turn that the service ends before it was asked to is no answer to the audio behind its last phrase: that is sent again. Where the
   * question was on its way, the turn was ended by itself if the service does not speak of the end of the speech.
   */
  #turnEnd(): void {
    const { ctx, settings } = this.options;
    const leftMs = this.session.timeline.sentMs - ticksToMs(this.#sentences.endTicks);
    const isShort = modeOf(settings) !== "once" && leftMs > SPARE_MS;
    const isAnswer = this.#asked && this.#told;
    if (!isAnswer && isShort) throw new EngineError("VENDOR_LOST", "Azure ended a turn in the midst of audio");
    if (this.#sentences.isOpen) this.#sentences.takeBack();
    ctx.report({ type: "turnEnded", byItself: !this.#asked });
    this.#end();
    if (!this.#asked) this.session.over();
  }

  #end(): void {
    this.#over = true;
    this.#ended.resolve();
  }
}
