import {
  EngineError,
  type Frame,
  type NodeContext,
  requireSsml,
  type Session,
  type TextFrame,
  type Wire,
} from "#engine/plugin";
import { type ServedTurn, Turn } from "../turn.ts";
import { readBody } from "../wire/recognised.ts";
import { metadata, responseBody } from "../wire/spoken.ts";
import type { SpeechMessage } from "../wire.ts";
import { mannerOf, type TtsSettings } from "./config.ts";
import { speakConfig, synthesisContext } from "./context.ts";
import { Spoken, type SpokenSoFar } from "./spoken.ts";
import { ssmlOf } from "./ssml.ts";

export interface SpeakOptions {
  /** As they are when the session opens. */
  readonly settings: TtsSettings;
  readonly ctx: NodeContext;
  readonly wire: Wire;
  readonly soFar: SpokenSoFar;
  /** How much of the utterance under way was given to the service, over all sessions of the node. */
  readonly written: { utterance: string | undefined; chars: number };
  /** The connection was not told yet who we are. */
  readonly isFirst: boolean;
}

/** One turn of synthesis: a text at once, or one that is still being written. */
export class SpeakSession implements ServedTurn {
  readonly #turn: Turn;
  readonly #ended: PromiseWithResolvers<void>;
  #text: TextFrame | undefined;
  #spoken: Spoken | undefined;
  #streamId: string | undefined;
  #over = false;
  #callOff: (() => void) | undefined;

  constructor(
    private readonly session: Session,
    private readonly options: SpeakOptions,
  ) {
    this.#turn = new Turn(options.ctx, options.wire);
    this.#ended = options.wire.expect();
    options.wire.signal.addEventListener("abort", () => this.#callOff?.(), { once: true });
  }

  get ctx(): NodeContext {
    return this.options.ctx;
  }

  get turnId(): string | undefined {
    return this.#over ? undefined : this.#turn.id;
  }

  async open(): Promise<void> {
    const { settings, isFirst } = this.options;
    if (isFirst) this.#turn.json("speech.config", speakConfig);
    if (settings.mode === "streaming") this.#turn.json("synthesis.context", synthesisContext(settings));
  }

  send(frame: Frame): void {
    if (frame.kind !== "text") return;
    const { settings } = this.options;
    if (settings.ssml) requireSsml(frame.text);
    this.#text = frame;
    this.#spoken ??= new Spoken(this.session, frame, settings, this.options.soFar);
    if (settings.mode === "streaming") this.#piece(frame);
  }

  finish(): Promise<void> {
    const { settings } = this.options;
    if (!this.#text || this.#text.text.trim() === "") this.#end();
    else if (settings.mode === "streaming") this.#turn.text("text.end", "", "text/plain");
    else this.#ask(this.#text.text);
    if (!this.#over) this.#watch();
    return this.#ended.promise;
  }

  abandon(): void {
    this.#callOff?.();
  }

  message(message: SpeechMessage): void {
    this.#watch();
    switch (message.path) {
      case "response":
        this.#streamId = readBody(message, responseBody).audio.streamId.toUpperCase();
        return;
      case "audio":
        return this.#audio(message);
      case "audio.metadata":
        for (const item of readBody(message, metadata).Metadata) this.#spoken?.tell(item);
        return;
      case "turn.end": {
        const spare = this.#spoken?.end() ?? 0;
        if (spare > 0) this.options.ctx.count("spareBytes", spare);
        return this.#end();
      }
      case "turn.start":
        return;
      default:
        return this.options.ctx.count("unknownMessages");
    }
  }

  #ask(text: string): void {
    const { settings } = this.options;
    this.#turn.json("synthesis.context", synthesisContext(settings));
    this.#turn.text("ssml", settings.ssml ? text.trim() : ssmlOf(text, mannerOf(settings)), "application/ssml+xml");
  }

  /** Of a partial, what no later revision changes; of the final, the rest. */
  #piece(frame: TextFrame): void {
    const { written } = this.options;
    if (written.utterance !== frame.utterance) Object.assign(written, { utterance: frame.utterance, chars: 0 });
    const more = (frame.final ? frame.text : frame.text.slice(0, frame.stableChars)).slice(written.chars);
    if (more === "") return;
    written.chars += more.length;
    this.#turn.text("text.piece", more, "text/plain");
  }

  #audio({ body, streamId }: SpeechMessage): void {
    if (typeof body === "string" || !this.#spoken)
      throw new EngineError("VENDOR_PROTOCOL", "Azure sent audio that belongs to no text");
    if (this.#streamId !== undefined && streamId !== undefined && streamId.toUpperCase() !== this.#streamId)
      return this.options.ctx.count("strayBytes", body.length);
    this.#spoken.push(body);
  }

  #end(): void {
    this.#over = true;
    this.#callOff?.();
    this.#ended.resolve();
  }

  /** From now on, the next answer has so long to come. */
  #watch(): void {
    this.#callOff?.();
    const { settings, ctx, wire } = this.options;
    if (settings.answerMs === 0) return;
    this.#callOff = ctx.clock.after(settings.answerMs, () =>
      wire.fail(new EngineError("RESULT_LATE", `Azure has not answered a text for ${settings.answerMs} ms`)),
    );
  }
}
