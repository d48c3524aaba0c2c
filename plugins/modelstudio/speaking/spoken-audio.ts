import {
  type AudioFrame,
  msToSamples,
  type NodeContext,
  type OpusCodec,
  type RecordingFrame,
  samplesToMs,
  type TextFrame,
  type Word,
} from "#engine/plugin";
import { type AudioReader, audioReader, isReadable } from "../audio-reader.ts";
import type { TimedWord } from "../wire/spoken.ts";
import type { TtsSettings } from "./config.ts";

/** Where the audio of a node reaches to: every text begins where the one before it ended. */
export interface SpokenSoFar {
  endSample: number;
}

export interface SpokenOptions {
  /** As they are when the text begins. */
  readonly settings: TtsSettings;
  readonly soFar: SpokenSoFar;
  readonly codec: OpusCodec | undefined;
}

/** The audio of one task or text: what comes from the service, as frames. */
export class SpokenAudio {
  readonly startSample: number;
  #reader: AudioReader | undefined;
  /** Of a format that is handed on as it is. */
  readonly #parts: Uint8Array[] = [];
  readonly #words: Word[] = [];

  constructor(readonly options: SpokenOptions) {
    this.startSample = options.soFar.endSample;
    const { settings, codec } = options;
    if (isReadable(settings.format)) this.#reader = audioReader(settings.format, settings.sampleRateHz, codec);
  }

  /** Ms of audio so far. */
  get spokenMs(): number {
    const { settings, soFar } = this.options;
    return samplesToMs(soFar.endSample - this.startSample, settings.sampleRateHz);
  }

  /** What a piece of audio gives at once. */
  frame(bytes: Uint8Array, from: TextFrame): AudioFrame | undefined {
    if (!isReadable(this.options.settings.format)) {
      this.#parts.push(bytes.slice());
      return undefined;
    }
    const pcm = this.#reader?.push(bytes);
    if (!pcm || pcm.length === 0) return undefined;
    const { settings, soFar } = this.options;
    const startSample = soFar.endSample;
    soFar.endSample += pcm.length;
    return {
      kind: "audio",
      pcm,
      sampleRateHz: settings.sampleRateHz,
      channels: 1,
      startSample,
      utterance: from.utterance,
      ...(from.protected && { protected: true as const }),
    };
  }

  words(words: readonly TimedWord[]): void {
    const { sampleRateHz } = this.options.settings;
    const position = (ms: number) => this.startSample + msToSamples(ms, sampleRateHz);
    let end = this.#words.at(-1)?.endSample ?? this.startSample;
    for (const { text, beginMs, endMs } of words) {
      const startSample = Math.max(end, position(beginMs));
      end = Math.max(startSample, position(endMs));
      this.#words.push({ text, startSample, endSample: end });
    }
  }

  /** All has come: the whole as a recording, where it is handed on as it is. */
  end(ctx: NodeContext): RecordingFrame | undefined {
    this.close();
    const { settings } = this.options;
    ctx.report({ type: "completed", samples: this.options.soFar.endSample - this.startSample });
    if (this.#parts.length === 0) return undefined;
    const bytes = Buffer.concat(this.#parts);
    return { kind: "recording", source: { bytes }, container: settings.format, sampleRateHz: settings.sampleRateHz };
  }

  /** Frees the decoder; nothing more is read. */
  close(): void {
    this.#reader?.close();
    this.#reader = undefined;
  }

  /** The text as it was spoken, where its audio lies: a transcript of that audio, or still a translation. */
  spokenText(from: TextFrame): TextFrame {
    const { settings, soFar } = this.options;
    const { endSample } = soFar;
    const clamp = (sample: number) => Math.min(endSample, sample);
    const { text, utterance, language, speaker, madeFrom, protected: isProtected } = from;
    return {
      kind: "text",
      role: from.role === "translation" ? "translation" : "transcript",
      text,
      utterance,
      revision: 1,
      final: true,
      stableChars: text.length,
      startSample: this.startSample,
      endSample,
      sampleRateHz: settings.sampleRateHz,
      ...(language !== undefined && { language }),
      ...(speaker !== undefined && { speaker }),
      ...(madeFrom && { madeFrom }),
      ...(isProtected && { protected: true as const }),
      words: this.#words.map((word) => ({
        ...word,
        startSample: clamp(word.startSample),
        endSample: clamp(word.endSample),
      })),
    };
  }
}
