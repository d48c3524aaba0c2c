import {
  type AudioFrame,
  msToSamples,
  type NodeContext,
  SampleDecoder,
  type TextFrame,
  type Word,
} from "#engine/plugin";
import { type Subtitle, spokenWords } from "../wire/spoken.ts";

/** Where the audio of a node reaches to: every session begins where the one before it ended. */
export interface SpokenSoFar {
  endSample: number;
}

/** The audio of one session, and what the service says about its words. */
export class SpokenAudio {
  readonly #decoder = new SampleDecoder("s16le", 1);
  readonly #startSample: number;
  #words: Word[] = [];

  constructor(
    readonly sampleRateHz: number,
    readonly soFar: SpokenSoFar,
  ) {
    this.#startSample = soFar.endSample;
  }

  get words(): readonly Word[] {
    return this.#words;
  }

  /** The frame of what came, of half a sample none. @param from the text that is spoken. */
  frame(bytes: Uint8Array, from: TextFrame): AudioFrame | undefined {
    const pcm = this.#decoder.push(bytes);
    if (pcm.length === 0) return undefined;
    const startSample = this.soFar.endSample;
    this.soFar.endSample += pcm.length;
    return {
      kind: "audio",
      pcm,
      sampleRateHz: this.sampleRateHz,
      channels: 1,
      startSample,
      utterance: from.utterance,
      ...(from.protected && { protected: true as const }),
    };
  }

  /** Times of words, counted by the service from the start of the session's audio. */
  subtitles(subtitles: readonly Subtitle[] | null | undefined): void {
    const position = (ms: number) => this.#startSample + msToSamples(ms, this.sampleRateHz);
    this.#words = [...this.#words, ...spokenWords(subtitles ?? [], position)];
  }

  /** The session is done: half a sample that is left over is no audio. */
  end(ctx: NodeContext): void {
    if (this.#decoder.spareBytes > 0) ctx.count("spareBytes", this.#decoder.spareBytes);
  }
}

/** A text as it was spoken, where its audio lies: a transcript of that audio, or still a translation. */
export function spokenText(
  from: TextFrame,
  words: readonly Word[],
  { startSample, endSample, sampleRateHz }: { startSample: number; endSample: number; sampleRateHz: number },
): TextFrame {
  const inside = (sample: number) => Math.min(endSample, Math.max(startSample, sample));
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
    words: words.map((word) => ({ ...word, startSample: inside(word.startSample), endSample: inside(word.endSample) })),
  };
}
