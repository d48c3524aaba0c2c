import {
  type AwaitableEmit,
  type Control,
  type CredentialLimits,
  EngineError,
  type NodeContext,
  type OpusCodec,
  requireSsml,
  type TaskInput,
  type TaskNode,
  type TextFrame,
} from "#engine/plugin";
import type { Access } from "../access.ts";
import { splitText } from "../wire/spoken.ts";
import { type TtsSettings, ttsConfig } from "./config.ts";
import { speakOverHttp } from "./over-http.ts";
import { SpokenAudio, type SpokenSoFar } from "./spoken-audio.ts";

/** Characters in one call; Qwen takes the fewest. */
const CALL_CHARS = 500;

export interface HttpSpeakerOptions {
  readonly ctx: NodeContext;
  readonly access: Access;
  readonly limits: CredentialLimits;
  readonly codec: OpusCodec | undefined;
}

/** Speaks texts one after the other, a call for each piece that the service takes. */
export class HttpSpeaker implements TaskNode {
  readonly #soFar: SpokenSoFar = { endSample: 0 };
  #current: { readonly frame: TextFrame; readonly stop: AbortController } | undefined;
  /** The utterance that barged in, while texts may wait that came before it. */
  #bargedBy: string | undefined;

  constructor(
    /** As they are for the next text. */
    private settings: TtsSettings,
    readonly options: HttpSpeakerOptions,
  ) {}

  async run(input: TaskInput, emit: AwaitableEmit, signal: AbortSignal): Promise<void> {
    for (let frame = await this.#next(input); frame; frame = await this.#next(input)) {
      if (!frame.final || frame.text.trim() === "") continue;
      const stop = new AbortController();
      this.#current = { frame, stop };
      try {
        await this.#speak(frame, emit, AbortSignal.any([signal, stop.signal]));
      } catch (error) {
        if (!stop.signal.aborted || signal.aborted) throw error;
      } finally {
        this.#current = undefined;
      }
    }
  }

  onControl(control: Control): void {
    if (control.kind !== "barge-in") return;
    this.#bargedBy = control.utterance;
    const current = this.#current;
    if (!current || current.frame.protected || current.frame.utterance === control.utterance) return;
    this.options.ctx.count("bargedTexts");
    current.stop.abort(new EngineError("RUN_CANCELLED", "somebody spoke over it"));
  }

  onUpdate(config: unknown): void {
    this.settings = ttsConfig.parse(config);
  }

  /** The next text. What is there at once after a barge-in came before it; the first that has to be waited for did not. */
  async #next(input: TaskInput): Promise<TextFrame | undefined> {
    for (;;) {
      const waiting = this.#bargedBy === undefined ? undefined : input.poll();
      if (!waiting) this.#bargedBy = undefined;
      const received = waiting ?? (await input.next());
      if (!received) return undefined;
      const { frame } = received;
      if (frame.kind !== "text") continue;
      if (this.#bargedBy === undefined || frame.protected || frame.utterance === this.#bargedBy) return frame;
      this.options.ctx.count("bargedTexts");
    }
  }

  async #speak(frame: TextFrame, emit: AwaitableEmit, signal: AbortSignal): Promise<void> {
    const { settings, options } = this;
    const { ctx, codec } = options;
    if (settings.ssml && frame.text.trim() !== "") requireSsml(frame.text);
    for (const text of settings.ssml ? [frame.text] : splitText(frame.text, CALL_CHARS)) {
      if (text.trim() === "") continue;
      const audio = new SpokenAudio({ settings, soFar: this.#soFar, codec }); // every answer has a head of its own
      try {
        await this.#speakPiece(text, { frame, audio, emit, signal });
        const recording = audio.end(ctx);
        if (recording) await emit(recording, "recording");
      } finally {
        audio.close();
      }
    }
  }

  async #speakPiece(
    text: string,
    of: {
      readonly frame: TextFrame;
      readonly audio: SpokenAudio;
      readonly emit: AwaitableEmit;
      readonly signal: AbortSignal;
    },
  ): Promise<void> {
    const { settings } = this;
    const { ctx, access, limits } = this.options;
    const leave = await limits.enter(ctx.clock, of.signal);
    const watch = this.#watch(of.signal);
    try {
      ctx.usage("requests", 1);
      ctx.usage("characters", [...text].length);
      for await (const bytes of speakOverHttp(ctx, { text, settings, access, signal: watch.signal })) {
        watch.pause();
        const audio = of.audio.frame(bytes, of.frame);
        if (audio) await of.emit(audio, "audio");
        of.signal.throwIfAborted();
        watch.again();
      }
    } finally {
      watch.pause();
      leave();
    }
  }

  /** Runs out when the service has not answered for too long; while what follows has no room, it does not count. */
  #watch(signal: AbortSignal) {
    const { ctx } = this.options;
    const { answerMs } = this.settings;
    const late = new AbortController();
    let callOff = () => {};
    const again = () => {
      if (answerMs > 0)
        callOff = ctx.clock.after(answerMs, () =>
          late.abort(new EngineError("RESULT_LATE", `Model Studio has not answered a text for ${answerMs} ms`)),
        );
    };
    again();
    return { signal: AbortSignal.any([signal, late.signal]), pause: () => callOff(), again };
  }
}
