import {
  asEngineError,
  EngineError,
  type Frame,
  type GatewayHost,
  type GatewayKey,
  type GatewayRun,
  promptFrame,
  SpokenOut,
  type SpokenOutOptions,
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

/** A client is sent its audio in messages of so much, the last of a stretch shorter. */
const MESSAGE_MS = 40;

/** What a client is sent of what the workflow speaks. */
export const spokenFormat = ({
  codec,
  sampleRateHz,
}: Pick<VoiceOptions, "codec" | "sampleRateHz">): SpokenOutOptions => ({
  format: codec,
  sampleRateHz,
  messageBytes: (2 * MESSAGE_MS * sampleRateHz) / 1000,
});

/** A run of the mapped workflow that speaks texts, in the codec and at the rate that the client asked for. */
export class Voice {
  #said = 0;
  #over = false;

  private constructor(
    readonly options: VoiceOptions,
    private readonly run: GatewayRun,
    private readonly out: SpokenOut,
  ) {}

  /** @throws EngineError what `host.start` throws; ENGINE_MISSING where the codec's library is not installed. */
  static async start(options: VoiceOptions): Promise<Voice> {
    const { host, key, params, sessionId, signal } = options;
    const out = await SpokenOut.open(spokenFormat(options), (bytes) => options.onAudio(bytes));
    let voice: Voice | undefined;
    const early: Frame[] = [];
    try {
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
      voice = new Voice(options, run, out);
    } catch (error) {
      out.close();
      throw error;
    }
    for (const frame of early) voice.#hear(frame);
    return voice;
  }

  say(text: string): Promise<void> | undefined {
    const { language, sessionId } = this.options;
    return this.run.push(promptFrame(text, `${sessionId}-${++this.#said}`, { language }));
  }

  /** Resolves when all was spoken. @throws EngineError what the run failed with. */
  async finish(): Promise<void> {
    try {
      this.run.end();
      const { state, error } = await this.run.done;
      if (state !== "done")
        throw asEngineError(error ?? new EngineError("RUN_CANCELLED", "the voice was cut off"), "INTERNAL", "gateway");
      this.out.end();
    } finally {
      this.#leave();
    }
  }

  cancel(reason: string): void {
    this.run.cancel(reason);
    this.#leave();
  }

  #leave(): void {
    if (!this.#over) this.out.close();
    this.#over = true;
  }

  #hear(frame: Frame): void {
    if (this.#over) return;
    if (frame.kind === "audio") this.out.push(frame);
    else if (frame.kind === "text" && frame.final && frame.words?.length) this.options.onSubtitles(subtitlesOf(frame));
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
