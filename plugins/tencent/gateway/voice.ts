import {
  type AudioFrame,
  asEngineError,
  convertChannels,
  EngineError,
  encodeS16le,
  type Frame,
  type GatewayHost,
  type GatewayKey,
  type GatewayRun,
  Resampler,
  samplesToMs,
  type TextFrame,
} from "#engine/plugin";
import type { Subtitle } from "../wire/spoken.ts";

export interface VoiceOptions {
  readonly host: GatewayHost;
  readonly key: GatewayKey;
  readonly sampleRateHz: number;
  /** BCP 47, where the client tells it. */
  readonly language?: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly sessionId: string;
  readonly signal: AbortSignal;
  onAudio(bytes: Uint8Array): void;
  onSubtitles(subtitles: readonly Subtitle[]): void;
}

/** A run of the mapped workflow that speaks texts, in samples of the rate that the client asked for. */
export class Voice {
  #resampler: Resampler | undefined;
  #fromHz = 0;
  #said = 0;

  private constructor(
    readonly options: VoiceOptions,
    readonly run: GatewayRun,
  ) {}

  /** @throws EngineError what `host.start` throws. */
  static async start(options: VoiceOptions): Promise<Voice> {
    const { host, key, params, sessionId, signal } = options;
    let voice: Voice | undefined;
    const early: Frame[] = [];
    const run = await host.start({
      key,
      input: { kind: "text" },
      params,
      labels: { sessionId },
      signal,
      onOutput: (frame) => {
        if (voice) voice.#hear(frame);
        else early.push(frame);
      },
    });
    voice = new Voice(options, run);
    for (const frame of early) voice.#hear(frame);
    return voice;
  }

  say(text: string): Promise<void> | undefined {
    const { language, sessionId } = this.options;
    const frame: TextFrame = {
      kind: "text",
      role: "prompt",
      text,
      utterance: `${sessionId}-${++this.#said}`,
      revision: 1,
      final: true,
      stableChars: text.length,
      startSample: 0,
      endSample: 0,
      sampleRateHz: 16_000,
      ...(language !== undefined && { language }),
    };
    return this.run.push(frame);
  }

  /** Resolves when all was spoken. @throws EngineError what the run failed with. */
  async finish(): Promise<void> {
    this.run.end();
    const { state, error } = await this.run.done;
    if (state !== "done")
      throw asEngineError(error ?? new EngineError("RUN_CANCELLED", "the voice was cut off"), "INTERNAL", "gateway");
    this.#give(this.#resampler?.flush());
  }

  #hear(frame: Frame): void {
    if (frame.kind === "audio") this.#speak(frame);
    else if (frame.kind === "text" && frame.final && frame.words?.length) this.options.onSubtitles(subtitlesOf(frame));
  }

  #speak(frame: AudioFrame): void {
    if (this.#fromHz !== frame.sampleRateHz) {
      this.#give(this.#resampler?.flush());
      this.#fromHz = frame.sampleRateHz;
      this.#resampler = new Resampler({ fromHz: frame.sampleRateHz, toHz: this.options.sampleRateHz });
    }
    this.#give(this.#resampler?.push(convertChannels(frame.pcm, frame.channels, 1)));
  }

  #give(pcm: Int16Array | undefined): void {
    if (pcm && pcm.length > 0) this.options.onAudio(encodeS16le(pcm));
  }
}

/** Indices count characters of the text. */
function subtitlesOf({ text, words = [], sampleRateHz }: TextFrame): (Subtitle & Record<string, unknown>)[] {
  let at = 0;
  return words.map((word) => {
    const BeginIndex = Math.max(at, text.indexOf(word.text, at));
    at = BeginIndex + word.text.length;
    const ms = (sample: number) => Math.round(samplesToMs(sample, sampleRateHz));
    return {
      Text: word.text,
      BeginTime: ms(word.startSample),
      EndTime: ms(word.endSample),
      BeginIndex,
      EndIndex: at,
      Phoneme: "",
    };
  });
}
