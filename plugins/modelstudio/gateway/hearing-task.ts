import { asEngineError, type Frame, samplesToMs, type TextFrame } from "#engine/plugin";
import type { Payload } from "../wire.ts";
import { type AudioIn, audioIn } from "./audio-in.ts";
import { type Refusal, refusal, refusalOf } from "./refusal.ts";
import { listIn, numberIn, renamed, ServedTask, type TaskAsked, wordIn } from "./task.ts";

const LEAST_HZ = 8000;
const MOST_HZ = 48_000;

/** Takes a client's audio to the workflow. */
export abstract class HearingTask extends ServedTask {
  protected parameters: Payload = {};
  #sampleRateHz = 16_000;
  #in: AudioIn | undefined;
  #samples = 0;

  protected abstract onText(frame: TextFrame): void;
  /** Sentences that are open get their ends. */
  protected abstract endSentences(): void;

  override async start({ parameters }: TaskAsked): Promise<Refusal | undefined> {
    const format = wordIn(parameters, "format");
    const rate = numberIn(parameters, "sample_rate");
    if (format === undefined || rate === undefined)
      return refusal("InvalidParameter", `${format === undefined ? "format" : "sample_rate"} is missing`);
    if (!Number.isInteger(rate) || rate < LEAST_HZ || rate > MOST_HZ)
      return refusal("InvalidParameter", "sample_rate is out of range");
    const list = wordIn(parameters, "vocabulary_id");
    const words = list === undefined ? undefined : this.place.vocabularies.get(list, this.place.key.id)?.words;
    if (list !== undefined && !words) return refusal("InvalidParameter", "vocabulary_id is not known");
    try {
      this.#in = await audioIn(format, rate);
    } catch (error) {
      return refusalOf(asEngineError(error, "INTERNAL", "audio"));
    }
    if (!this.#in) return refusal("UNSUPPORTED_FORMAT", `audio of format ${format.slice(0, 20)} is not read here`);
    this.parameters = parameters;
    this.#sampleRateHz = rate;
    const input = { kind: "audio", format: { sampleRateHz: rate, channels: 1 } } as const;
    const hotWords = words && { hotWords: words.map(({ text }) => text) };
    this.begin({ input, params: { ...paramsOf(parameters), ...hotWords } });
    return undefined;
  }

  override async audio(bytes: Uint8Array): Promise<Refusal | undefined> {
    if (this.run?.isStarting !== false) return refusal("InvalidParameter", "audio before task-started");
    if (!this.run.isStarted) return undefined; // late audio of a task that ends
    try {
      await this.#push(await this.#in?.push(bytes));
    } catch (error) {
      return refusalOf(asEngineError(error, "AUDIO_NOT_RECOGNISED", "audio"));
    }
    return undefined;
  }

  override async finish(): Promise<Refusal | undefined> {
    if (this.run?.isStarted)
      try {
        await this.#push(await this.#in?.end());
      } catch (error) {
        return refusalOf(asEngineError(error, "AUDIO_NOT_RECOGNISED", "audio"));
      }
    return super.finish();
  }

  protected override release(): void {
    this.#in?.close();
    this.#in = undefined;
  }

  protected override onOutput(frame: Frame): void {
    if (frame.kind === "text") this.onText(frame);
  }

  protected override completed(): void {
    this.endSentences();
    this.tell("task-finished", { output: {}, usage: null });
  }

  /** Whole seconds of audio that came, as the service counts them. */
  protected get usage(): Payload {
    return { duration: Math.ceil(samplesToMs(this.#samples, this.#sampleRateHz) / 1000) };
  }

  async #push(pcm: Int16Array | undefined): Promise<void> {
    if (!pcm || pcm.length === 0 || this.isOver) return;
    const startSample = this.#samples;
    this.#samples += pcm.length;
    await this.run?.push({ kind: "audio", pcm, sampleRateHz: this.#sampleRateHz, channels: 1, startSample });
  }
}

export const msOf = (sample: number, { sampleRateHz }: Pick<TextFrame, "sampleRateHz">): number =>
  Math.round(samplesToMs(sample, sampleRateHz));

/** The words of a text as the service puts them; without any, the whole text is one. */
export function wordsOf(
  frame: TextFrame,
): { begin_time: number; end_time: number; text: string; punctuation: string }[] {
  const { words = [], text, startSample, endSample } = frame;
  const entries = words.length > 0 || text === "" ? words : [{ text, startSample, endSample }];
  return entries.map((word) => ({
    begin_time: msOf(word.startSample, frame),
    end_time: msOf(word.endSample, frame),
    text: word.text,
    punctuation: "",
  }));
}

const NAMES = {
  sample_rate: "sampleRateHz",
  disfluency_removal_enabled: "removeFillers",
  semantic_punctuation_enabled: "semanticSentences",
  max_sentence_silence: "endSilenceMs",
  max_end_silence: "endSilenceMs",
  multi_threshold_mode_enabled: "multiThreshold",
  punctuation_prediction_enabled: "punctuation",
  inverse_text_normalization_enabled: "inverseTextNormalization",
  vocabulary_id: "vocabularyId",
};

function paramsOf(parameters: Payload): Payload {
  const hint = listIn(parameters, "language_hints")[0] ?? wordIn(parameters, "source_language");
  const [target] = listIn(parameters, "translation_target_languages");
  return {
    ...renamed(parameters, NAMES),
    ...(hint !== undefined && hint !== "auto" && { language: hint }),
    ...(target !== undefined && { target }),
  };
}
