import { msToSamples, type NodeContext, SampleDecoder, type Session, type TextFrame, type Word } from "#engine/plugin";
import { type Subtitle, spokenWords } from "../wire/spoken.ts";

/** Where the audio of a node reaches to: every task begins where the one before it ended. */
export interface SpokenSoFar {
  endSample: number;
}

/** The audio of one task, and what the service says about its words. */
export class SpokenAudio {
  readonly #decoder = new SampleDecoder("s16le", 1);
  readonly #startSample: number;
  #words: Word[] = [];

  constructor(
    readonly session: Session,
    readonly from: TextFrame,
    readonly sampleRateHz: number,
    readonly soFar: SpokenSoFar,
  ) {
    this.#startSample = soFar.endSample;
  }

  get words(): readonly Word[] {
    return this.#words;
  }

  push(bytes: Uint8Array): void {
    const pcm = this.#decoder.push(bytes);
    if (pcm.length === 0) return;
    this.session.emit(
      {
        kind: "audio",
        pcm,
        sampleRateHz: this.sampleRateHz,
        channels: 1,
        startSample: this.soFar.endSample,
        utterance: this.from.utterance,
        ...(this.from.protected && { protected: true as const }),
      },
      "audio",
    );
    this.soFar.endSample += pcm.length;
  }

  /** Times of words, counted by the service from the start of the task's audio. */
  subtitles(subtitles: readonly Subtitle[] | null | undefined): void {
    const position = (ms: number) => this.#startSample + msToSamples(ms, this.sampleRateHz);
    this.#words = [...this.#words, ...spokenWords(subtitles ?? [], position)];
  }

  /** The task is done: half a sample that is left over is no audio. */
  end(ctx: NodeContext): void {
    if (this.#decoder.spareBytes > 0) ctx.count("spareBytes", this.#decoder.spareBytes);
  }
}

/** A text as it was spoken, where its audio lies: a transcript of that audio, or still a translation. */
export function spokenText(
  from: TextFrame,
  words: readonly Word[],
  startSample: number,
  endSample: number,
  sampleRateHz: number,
): TextFrame {
  const clamp = (sample: number) => Math.min(endSample, Math.max(startSample, sample));
  const { language, speaker, madeFrom, protected: isProtected } = from;
  return {
    kind: "text",
    role: from.role === "translation" ? "translation" : "transcript",
    text: from.text,
    utterance: from.utterance,
    revision: 1,
    final: true,
    stableChars: from.text.length,
    startSample,
    endSample,
    sampleRateHz,
    ...(language !== undefined && { language }),
    ...(speaker !== undefined && { speaker }),
    ...(madeFrom && { madeFrom }),
    ...(isProtected && { protected: true as const }),
    words: words.map((word) => ({ ...word, startSample: clamp(word.startSample), endSample: clamp(word.endSample) })),
  };
}
