import { type Frame, samplesToMs, type TextFrame } from "#engine/plugin";
import { AUDIO_FORMATS, type AudioIn, type AudioInFormat, audioIn } from "./audio-in.ts";
import { type Refusal, refusal } from "./outlet.ts";
import { flag, numberIn, type Payload, ServedTask, wordIn } from "./task.ts";

/** What both kinds of recognition take. */
export interface Listening {
  readonly intermediate: boolean;
  readonly words: boolean;
}

/** Takes a client's audio to the workflow. */
export abstract class ListeningTask extends ServedTask {
  protected listening: Listening = { intermediate: false, words: false };
  protected sampleRateHz = 16000;
  #in: AudioIn | undefined;
  #samples = 0;

  /** Ms of audio that came. */
  protected get heardMs(): number {
    return Math.round(samplesToMs(this.#samples, this.sampleRateHz));
  }

  protected abstract readonly startedEvent: string;
  protected abstract startedPayload(): Payload | undefined;
  protected abstract onText(frame: TextFrame): void;
  /** Looks at how much was heard; a refusal ends the task. */
  protected onHeard(): Refusal | undefined {
    return undefined;
  }

  override start(payload: Payload): Refusal | undefined {
    const format = wordIn(payload, "format") ?? "pcm";
    if (!isFormat(format)) {
      if (format.toLowerCase() !== format)
        return refusal(40010003, `Gateway:DIRECTIVE_INVALID:Invalid format '${format}'!`);
      return refusal(41010100, "Gateway:UNSUPPORTED_FORMAT:Unsupported audio format!");
    }
    const rate = numberIn(payload, "sample_rate") ?? 16000;
    if (rate !== 8000 && rate !== 16000)
      return refusal(41010101, "Gateway:UNSUPPORTED_SAMPLE_RATE:Unsupported sample rate!");
    this.sampleRateHz = rate;
    this.listening = {
      intermediate: flag(payload, "enable_intermediate_result"),
      words: flag(payload, "enable_words"),
    };
    this.#in = audioIn(format, rate);
    const input = { kind: "audio", format: { sampleRateHz: rate, channels: 1 } } as const;
    this.begin({ input, params: paramsOf(payload) }, () => this.tell(this.startedEvent, this.startedPayload()));
    return undefined;
  }

  override async audio(bytes: Uint8Array): Promise<void> {
    if (!this.isStarted) {
      if (this.isStarting) this.place.fail(refusal(40000002, "Gateway:MESSAGE_INVALID:Audio before the start!"));
      return;
    }
    const pcm = await this.#in?.push(bytes);
    if (!pcm || pcm.length === 0 || this.isOver) return;
    const startSample = this.#samples;
    this.#samples += pcm.length;
    const refused = this.onHeard();
    if (refused) return this.place.fail(refused);
    await this.run?.push({ kind: "audio", pcm, sampleRateHz: this.sampleRateHz, channels: 1, startSample });
  }

  protected override release(): void {
    this.#in?.close();
  }

  protected override onOutput(frame: Frame): void {
    if (frame.kind === "text" && frame.role === this.place.settings.result) this.onText(frame);
  }

  protected wordsOf({ words = [], sampleRateHz }: TextFrame): Payload[] {
    if (!this.listening.words) return [];
    const ms = (sample: number) => Math.round(samplesToMs(sample, sampleRateHz));
    return words.map(({ text, startSample, endSample }) => ({
      text,
      startTime: ms(startSample),
      endTime: ms(endSample),
    }));
  }
}

const isFormat = (format: string): format is AudioInFormat => (AUDIO_FORMATS as readonly string[]).includes(format);

/** Under the names of the settings of `aliyun.asr`, for a workflow that declares such params. */
function paramsOf(payload: Payload): Payload {
  const named: Readonly<Record<string, string>> = {
    sample_rate: "sampleRateHz",
    enable_intermediate_result: "intermediateResults",
    enable_punctuation_prediction: "punctuation",
    enable_inverse_text_normalization: "inverseTextNormalization",
    enable_words: "words",
    disfluency: "removeFillers",
    vocabulary_id: "vocabularyId",
    customization_id: "customizationId",
    max_sentence_silence: "maxSentenceSilenceMs",
    max_end_silence: "maxEndSilenceMs",
  };
  return Object.fromEntries(
    Object.entries(named).flatMap(([from, to]) => (payload[from] === undefined ? [] : [[to, payload[from]]])),
  );
}
