import { SampleDecoder } from "../../audio/index.ts";
import { type AudioFrame, msToSamples, type TextFrame, type Word } from "../../frames/index.ts";
import type { NodeContext } from "../context.ts";

/** Where the audio of a synthesiser reaches to: every session begins where the one before it ended. */
export interface SpokenSoFar {
  endSample: number;
}

/** A word as a service tells it, in ms from the beginning of the session's audio. */
export interface SpokenWord {
  readonly text: string;
  readonly beginMs: number;
  readonly endMs: number;
}

/** What a vendor makes of one text in one session: its samples (signed 16 bit, one channel), and where its words lie in them. */
export class SpokenPcm {
  readonly startSample: number;
  readonly #decoder = new SampleDecoder("s16le", 1);
  readonly #words: Word[] = [];

  constructor(
    readonly sampleRateHz: number,
    readonly soFar: SpokenSoFar,
  ) {
    this.startSample = soFar.endSample;
  }

  /** In order; none begins before the one before it has ended. */
  get words(): readonly Word[] {
    return this.#words;
  }

  /** The frame of what came; of half a sample none. @param from the text that is spoken. */
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

  addWords(words: readonly SpokenWord[]): void {
    const position = (ms: number) => this.startSample + msToSamples(ms, this.sampleRateHz);
    for (const { text, beginMs, endMs } of words) {
      const startSample = Math.max(this.#words.at(-1)?.endSample ?? this.startSample, position(beginMs));
      this.#words.push({ text, startSample, endSample: Math.max(startSample, position(endMs)) });
    }
  }

  /** The session is done: half a sample that is left over is no audio, and counted as `spareBytes`. */
  end(ctx: Pick<NodeContext, "count">): void {
    if (this.#decoder.spareBytes > 0) ctx.count("spareBytes", this.#decoder.spareBytes);
  }
}

/** A text as it was spoken, where its audio lies: a transcript of that audio, or still a translation. Words that lie outside are moved to its ends. */
export function spokenText(
  from: TextFrame,
  words: readonly Word[],
  { startSample, endSample, sampleRateHz }: Pick<TextFrame, "startSample" | "endSample" | "sampleRateHz">,
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
