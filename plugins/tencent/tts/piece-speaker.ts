import {
  type AwaitableEmit,
  type Control,
  type CredentialLimits,
  EngineError,
  type NodeContext,
  SpokenPcm,
  type SpokenSoFar,
  spokenText,
  type TaskInput,
  type TaskNode,
  type TextFrame,
  type Word,
} from "#engine/plugin";
import { splitText, spokenWords } from "../wire/spoken.ts";
import { type TtsSettings, ttsConfig } from "./config.ts";
import { speak } from "./piece.ts";

/** 600 Chinese characters, or 1800 letters. */
const MOST_THIRDS = 1800;

/** Speaks texts one after the other, each in pieces that the service takes. */
export class PieceSpeaker implements TaskNode {
  readonly #soFar: SpokenSoFar = { endSample: 0 };
  #current: { readonly frame: TextFrame; readonly stop: AbortController } | undefined;
  /** The utterance that barged in, while texts may wait that came before it. */
  #bargedIn: string | undefined;

  constructor(
    /** As they are for the next text. */
    private settings: TtsSettings,
    readonly ctx: NodeContext,
    readonly limits: CredentialLimits,
  ) {}

  async run(input: TaskInput, emit: AwaitableEmit, signal: AbortSignal): Promise<void> {
    for (let frame = await this.#next(input); frame; frame = await this.#next(input)) {
      if (!frame.final || frame.text.trim() === "" || this.#isDropped(frame)) continue;
      const stop = new AbortController();
      this.#current = { frame, stop };
      try {
        await this.#speak(frame, emit, AbortSignal.any([signal, stop.signal]));
      } catch (error) {
        if (!stop.signal.aborted) throw error;
      } finally {
        this.#current = undefined;
      }
    }
  }

  onControl(control: Control): void {
    if (control.kind !== "barge-in") return;
    this.#bargedIn = control.utterance;
    const current = this.#current;
    if (!current || current.frame.protected || current.frame.utterance === control.utterance) return;
    this.ctx.count("bargedTexts");
    current.stop.abort(new EngineError("RUN_CANCELLED", "somebody spoke over it"));
  }

  onUpdate(config: unknown): void {
    this.settings = ttsConfig.parse(config);
  }

  /** The next text. What is there at once after a barge-in came before it; the first that has to be waited for did not. */
  async #next(input: TaskInput): Promise<TextFrame | undefined> {
    for (;;) {
      let received = this.#bargedIn === undefined ? undefined : input.poll();
      if (!received) {
        this.#bargedIn = undefined;
        received = await input.next();
      }
      if (!received) return undefined;
      if (received.frame.kind === "text") return received.frame;
    }
  }

  #isDropped(frame: TextFrame): boolean {
    if (frame.utterance === this.#bargedIn) this.#bargedIn = undefined;
    if (this.#bargedIn === undefined || frame.protected) return false;
    this.ctx.count("bargedTexts");
    return true;
  }

  async #speak(frame: TextFrame, emit: AwaitableEmit, signal: AbortSignal): Promise<void> {
    const { settings } = this;
    const { sampleRateHz, subtitles } = settings;
    const startSample = this.#soFar.endSample;
    const words: Word[] = [];
    for (const text of splitText(frame.text, MOST_THIRDS)) {
      if (text.trim() === "") continue;
      words.push(...(await this.#speakPiece(text, frame, emit, signal)));
    }
    const place = { startSample, endSample: this.#soFar.endSample, sampleRateHz };
    if (subtitles) await emit(spokenText(frame, words, place), "spoken");
    this.ctx.report({ type: "completed", samples: place.endSample - startSample });
  }

  async #speakPiece(
    text: string,
    frame: TextFrame,
    emit: AwaitableEmit,
    signal: AbortSignal,
  ): Promise<readonly Word[]> {
    const { ctx, settings } = this;
    const leave = await this.limits.enter(ctx.clock, signal);
    const watch = this.#watch(signal);
    const spoken = new SpokenPcm(settings.sampleRateHz, this.#soFar);
    try {
      ctx.usage("requests", 1);
      ctx.usage("characters", [...text].length);
      for await (const part of speak(ctx, { text, settings, signal: watch.signal })) {
        watch.pause();
        if ("subtitles" in part) spoken.addWords(spokenWords(part.subtitles));
        else {
          const audio = spoken.frame(part.audio, frame);
          if (audio) await emit(audio, "audio");
        }
        signal.throwIfAborted();
        watch.again();
      }
    } finally {
      watch.pause();
      leave();
    }
    spoken.end(ctx);
    return spoken.words;
  }

  /** Runs out when the service has not answered for too long; while what follows has no room, it does not count. */
  #watch(signal: AbortSignal) {
    const { ctx, settings } = this;
    const late = new AbortController();
    let callOff = () => {};
    const again = () => {
      if (settings.answerMs > 0)
        callOff = ctx.clock.after(settings.answerMs, () =>
          late.abort(new EngineError("RESULT_LATE", `Tencent has not answered a text for ${settings.answerMs} ms`)),
        );
    };
    again();
    return { signal: AbortSignal.any([signal, late.signal]), pause: () => callOff(), again };
  }
}
