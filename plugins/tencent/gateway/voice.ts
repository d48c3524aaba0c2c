import {
  type AudioEncoder,
  type AudioFrame,
  asEngineError,
  convertChannels,
  EngineError,
  encodeS16le,
  type Frame,
  type GatewayHost,
  type GatewayKey,
  type GatewayRun,
  openEncoder,
  Resampler,
  samplesToMs,
  type TextFrame,
} from "#engine/plugin";
import type { Subtitle } from "../wire/spoken.ts";

/** What the service calls the forms of its audio. */
export type SpokenCodec = "pcm" | "mp3";

export interface VoiceOptions {
  readonly host: GatewayHost;
  readonly key: GatewayKey;
  readonly sampleRateHz: number;
  readonly codec: SpokenCodec;
  /** BCP 47, where the client tells it. */
  readonly language?: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly sessionId: string;
  readonly signal: AbortSignal;
  onAudio(bytes: Uint8Array): void;
  onSubtitles(subtitles: readonly Subtitle[]): void;
}

/** A run of the mapped workflow that speaks texts, in the codec and at the rate that the client asked for. */
export class Voice {
  #resampler: Resampler | undefined;
  #fromHz = 0;
  #said = 0;
  #over = false;

  private constructor(
    readonly options: VoiceOptions,
    private readonly run: GatewayRun,
    private readonly encoder: AudioEncoder | undefined,
  ) {}

  /** @throws EngineError what `host.start` throws; ENGINE_MISSING where the codec's library is not installed. */
  static async start(options: VoiceOptions): Promise<Voice> {
    const { host, key, params, sessionId, signal, codec, sampleRateHz } = options;
    const encoder = codec === "pcm" ? undefined : await openEncoder(codec, { sampleRateHz, channels: 1 });
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
    voice = new Voice(options, run, encoder);
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
    try {
      this.run.end();
      const { state, error } = await this.run.done;
      if (state !== "done")
        throw asEngineError(error ?? new EngineError("RUN_CANCELLED", "the voice was cut off"), "INTERNAL", "gateway");
      this.#give(this.#resampler?.flush());
      if (this.encoder) this.#send(this.encoder.end());
    } finally {
      this.#leave();
    }
  }

  cancel(reason: string): void {
    this.run.cancel(reason);
    this.#leave();
  }

  #leave(): void {
    if (!this.#over) this.encoder?.close();
    this.#over = true;
  }

  #hear(frame: Frame): void {
    if (this.#over) return;
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
    if (pcm && pcm.length > 0) this.#send(this.encoder ? this.encoder.encode(pcm) : encodeS16le(pcm));
  }

  #send(bytes: Uint8Array): void {
    if (bytes.length > 0) this.options.onAudio(bytes);
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
