import {
  type AwaitableEmit,
  answerWatch,
  type Control,
  type CredentialLimits,
  type NodeContext,
  type OpusCodec,
  requireSsml,
  type TaskInput,
  type TaskNode,
  type TextFrame,
  TextWork,
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
  readonly #work: TextWork;

  constructor(
    /** As they are for the next text. */
    private settings: TtsSettings,
    readonly options: HttpSpeakerOptions,
  ) {
    this.#work = new TextWork(() => options.ctx.count("bargedTexts"));
  }

  run(input: TaskInput, emit: AwaitableEmit, signal: AbortSignal): Promise<void> {
    return this.#work.run(input, signal, async (item, stop) => {
      if (item.kind === "text" && item.final && item.text.trim() !== "") await this.#speak(item, emit, stop);
    });
  }

  onControl(control: Control): void {
    this.#work.onControl(control);
  }

  onUpdate(config: unknown): void {
    this.settings = ttsConfig.parse(config);
  }

  async #speak(frame: TextFrame, emit: AwaitableEmit, signal: AbortSignal): Promise<void> {
    const { settings, options } = this;
    const { ctx, codec } = options;
    if (settings.ssml) requireSsml(frame.text);
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
    const watch = answerWatch(ctx, "Model Studio", settings.answerMs, of.signal);
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
}
