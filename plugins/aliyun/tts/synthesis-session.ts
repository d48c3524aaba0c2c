import {
  EngineError,
  type Frame,
  type NodeContext,
  type PeerSession,
  type Session,
  SpokenPcm,
  type SpokenSoFar,
  spokenText,
  type TextFrame,
  type Wire,
  type Word,
} from "#engine/plugin";
import { NlsTask, type TaskEvents, tell } from "../task.ts";
import { spokenWords, subtitled } from "../wire/spoken.ts";
import { type Namespace, type NlsEvent, readPayload } from "../wire.ts";
import { startPayload, type TtsSettings } from "./config.ts";

/** What a session of synthesis stands on. */
export interface SynthesisOptions {
  /** As they are when the session opens. */
  readonly settings: TtsSettings;
  readonly ctx: NodeContext;
  readonly wire: Wire;
  readonly soFar: SpokenSoFar;
}

/** What the three kinds of synthesis have in common: audio, times of words, completion, and a limit on silence. */
export abstract class SynthesisSession implements PeerSession, TaskEvents {
  /** The text that is spoken, of several revisions the latest. */
  protected text: TextFrame | undefined;
  protected readonly completed: PromiseWithResolvers<void>;
  #task: NlsTask | undefined;
  #audio: SpokenPcm | undefined;
  readonly #words: Word[] = [];
  readonly #startSample: number;
  #callOff: (() => void) | undefined;

  constructor(
    readonly session: Session,
    readonly options: SynthesisOptions,
    readonly namespace: Namespace,
  ) {
    this.#startSample = options.soFar.endSample;
    this.completed = options.wire.expect();
    options.wire.signal.addEventListener("abort", () => this.#callOff?.(), { once: true });
  }

  get taskId(): string | undefined {
    return this.#task?.id;
  }

  abstract open(): Promise<void>;
  abstract send(frame: Frame): void;
  abstract finish(): Promise<void>;
  /** The task under way is done. */
  protected abstract next(): void;

  event(event: NlsEvent): void {
    this.#watch();
    switch (event.name) {
      case "SynthesisStarted":
        tell(this.options.ctx, "started", { taskId: this.taskId });
        return this.started();
      case "MetaInfo":
      case "SentenceEnd":
        return this.#spoken().addWords(spokenWords(readPayload(event, subtitled).subtitles));
      case "SentenceBegin":
      case "SentenceSynthesis": // what it brings comes again with the end of the sentence
        return;
      case "SynthesisCompleted":
        return this.#endTask();
      default:
        return this.options.ctx.count("unknownEvents");
    }
  }

  audio(bytes: Uint8Array): void {
    if (!this.#task) return this.options.ctx.count("strayBytes", bytes.length);
    this.#watch();
    const audio = this.#spoken().frame(bytes, this.#given());
    if (audio) this.session.emit(audio, "audio");
  }

  abandon(): void {
    this.#callOff?.();
  }

  /** Begins a task. */
  protected start(text?: string): void {
    const { settings, ctx, wire } = this.options;
    this.#task = new NlsTask({ namespace: this.namespace, appkey: settings.appkey, ctx, wire });
    this.#task.send("StartSynthesis", startPayload(settings, text));
    this.#watch();
  }

  protected directive(name: string, payload?: Readonly<Record<string, unknown>>): void {
    this.#task?.send(name, payload);
  }

  protected started(): void {}

  /** All was spoken. */
  protected done(): void {
    this.#callOff?.();
    const { settings, ctx, soFar } = this.options;
    const place = { startSample: this.#startSample, endSample: soFar.endSample, sampleRateHz: settings.sampleRateHz };
    if (settings.subtitles && this.text) this.session.emit(spokenText(this.text, this.#words, place), "spoken");
    tell(ctx, "completed", { samples: soFar.endSample - this.#startSample });
    this.completed.resolve();
  }

  #spoken(): SpokenPcm {
    this.#given();
    this.#audio ??= new SpokenPcm(this.options.settings.sampleRateHz, this.options.soFar);
    return this.#audio;
  }

  #given(): TextFrame {
    if (!this.text) throw new EngineError("VENDOR_PROTOCOL", "Aliyun spoke before it was given a text");
    return this.text;
  }

  #endTask(): void {
    this.#audio?.end(this.options.ctx);
    this.#words.push(...(this.#audio?.words ?? []));
    this.#audio = undefined;
    this.#task = undefined;
    this.#callOff?.();
    this.next();
  }

  /** From now on, the next answer has so long to come. */
  #watch(): void {
    this.#callOff?.();
    const { settings, ctx, wire } = this.options;
    if (settings.answerMs === 0) return;
    this.#callOff = ctx.clock.after(settings.answerMs, () =>
      wire.fail(new EngineError("RESULT_LATE", `Aliyun has not answered a text for ${settings.answerMs} ms`)),
    );
  }
}
