import {
  type AwaitableEmit,
  answerWatch,
  type Control,
  type CredentialLimits,
  type NodeContext,
  SpokenPcm,
  type SpokenSoFar,
  spokenText,
  type TaskInput,
  type TaskNode,
  type TextFrame,
  TextWork,
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
  readonly #work: TextWork;

  constructor(
    /** As they are for the next text. */
    private settings: TtsSettings,
    readonly ctx: NodeContext,
    readonly limits: CredentialLimits,
  ) {
    this.#work = new TextWork(() => ctx.count("bargedTexts"));
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
    const watch = answerWatch(ctx, "Tencent", settings.answerMs, signal);
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
}
