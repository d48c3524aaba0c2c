import {
  EngineError,
  type Frame,
  type NodeContext,
  requireSsml,
  type Session,
  type TextFrame,
  type Wire,
} from "#engine/plugin";
import { SpokenAudio, type SpokenOptions } from "./spoken-audio.ts";

/** How much of an utterance was given to the service: one whose session was finished early goes on where it was. */
export interface WrittenSoFar {
  utterance: string | undefined;
  chars: number;
}

export interface SayingOptions extends SpokenOptions {
  readonly ctx: NodeContext;
  readonly wire: Wire;
  readonly session: Session;
  readonly progress: WrittenSoFar;
}

/** What all sessions of synthesis have in common: the text, the audio that comes of it, and a limit on silence. */
export class Saying {
  readonly audio: SpokenAudio;
  #text: TextFrame | undefined;
  #callOff: (() => void) | undefined;

  readonly #lost = () => {
    this.rest();
    this.audio.close();
  };

  constructor(readonly options: SayingOptions) {
    this.audio = new SpokenAudio(options);
    options.wire.signal.addEventListener("abort", this.#lost, { once: true });
  }

  /**
   * What is to be given to the service of a frame: of a partial what no later revision changes, of a final the rest. Blanks go with what
   * follows.
   * @throws EngineError CONFIG_INVALID for what is to be SSML and is none.
   */
  next(frame: Frame): string {
    if (frame.kind !== "text") return "";
    this.#text = frame;
    const { progress, settings } = this.options;
    if (settings.ssml) requireSsml(frame.text);
    if (settings.mode === "plain") return frame.text;
    if (progress.utterance !== frame.utterance) Object.assign(progress, { utterance: frame.utterance, chars: 0 });
    const more = (frame.final ? frame.text : frame.text.slice(0, frame.stableChars)).slice(progress.chars);
    if (more.trim() === "") return "";
    progress.chars += more.length;
    return more;
  }

  /** @throws EngineError VENDOR_PROTOCOL for audio of nothing. */
  spoken(bytes: Uint8Array): void {
    if (!this.#text) throw new EngineError("VENDOR_PROTOCOL", "Model Studio spoke before it was given a text");
    const frame = this.audio.frame(bytes, this.#text);
    if (frame) this.options.session.emit(frame, "audio");
  }

  /** All was spoken. */
  end(): void {
    this.rest();
    const { session, settings, ctx, wire } = this.options;
    wire.signal.removeEventListener("abort", this.#lost); // the connection may serve many more
    const recording = this.audio.end(ctx);
    if (recording) session.emit(recording, "recording");
    if (settings.subtitles && this.#text) session.emit(this.audio.spokenText(this.#text), "spoken");
  }

  /** From now on, the next answer has so long to come. */
  watch(): void {
    this.rest();
    const { settings, ctx, wire } = this.options;
    if (settings.answerMs === 0 || !this.#text) return;
    this.#callOff = ctx.clock.after(settings.answerMs, () =>
      wire.fail(new EngineError("RESULT_LATE", `Model Studio has not answered a text for ${settings.answerMs} ms`)),
    );
  }

  /** No answer is due. */
  rest(): void {
    this.#callOff?.();
    this.#callOff = undefined;
  }
}
