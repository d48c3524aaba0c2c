import {
  asEngineError,
  convertChannels,
  type EngineError,
  type ErrorCode,
  type Frame,
  ServedRun,
  samplesToMs,
  type TextFrame,
} from "#engine/plugin";
import type { RecognitionStatus } from "../wire/recognised.ts";
import { msToTicks, type SpeechMessage } from "../wire.ts";
import { type Asked, askedFor, listenParams } from "./asked.ts";
import type { ServedTurn, TurnPlace } from "./place.ts";
import { Translations } from "./translations.ts";
import { WaveIn } from "./wave-in.ts";

/** A client's turn of recognition: audio in; hypotheses and phrases out. */
export class ListeningTurn implements ServedTurn {
  readonly #asked: Asked;
  readonly #wave = new WaveIn();
  readonly #translations: Translations | undefined;
  #run: ServedRun | undefined;
  #samples = 0;
  #endTicks = 0;
  #phrases = 0;
  #started = false;
  #over = false;

  constructor(private readonly place: TurnPlace) {
    this.#asked = askedFor(place.path, place.query, place.context);
    const { targets } = this.#asked;
    if (targets.length > 0) this.#translations = new Translations(targets);
    place.outlet.turnStart();
  }

  async message({ path, body }: SpeechMessage): Promise<void> {
    if (path !== "audio" || this.#over) return;
    if (typeof body === "string") return this.place.refuse({ close: 1007, reason: "audio is binary" });
    if (body.length === 0) return this.#end();
    try {
      await this.#push(this.#wave.push(body));
    } catch (error) {
      this.#over = true;
      this.#run?.leave();
      const { code } = asEngineError(error, "AUDIO_NOT_RECOGNISED", "audio");
      this.place.refuse({ close: 1007, reason: `Invalid audio: ${code}` });
    }
  }

  vendorError(code: number | string): void {
    const status = STATUSES.includes(code as RecognitionStatus) ? (code as RecognitionStatus) : "Error";
    this.#fail(status);
  }

  leave(): void {
    this.#over = true;
    this.#run?.leave();
  }

  async gone(): Promise<void> {
    await this.#run?.gone();
  }

  async #push(pcm: Int16Array): Promise<void> {
    const { format } = this.#wave;
    if (!format) return;
    this.#run ??= this.#begin(format.sampleRateHz);
    if (pcm.length === 0) return;
    await this.#run.settled;
    if (this.#over) return;
    const mono = convertChannels(pcm, format.channels, 1);
    const startSample = this.#samples;
    this.#samples += mono.length;
    const { sampleRateHz } = format;
    await this.#run.push({ kind: "audio", pcm: mono, sampleRateHz, channels: 1, startSample });
    this.#lookForSilence(sampleRateHz);
  }

  #begin(sampleRateHz: number): ServedRun {
    const { host, key, path } = this.place;
    return new ServedRun(
      host,
      {
        key,
        input: { kind: "audio", format: { sampleRateHz, channels: 1 } },
        params: listenParams(this.#asked),
        labels: { service: path },
      },
      {
        ready() {},
        output: (frame) => this.#heard(frame),
        completed: () => this.#finish(),
        failed: (error) => this.#fail(statusOf(error)),
      },
    );
  }

  async #end(): Promise<void> {
    if (!this.#run) return this.#finish();
    await this.#run.settled;
    this.#run.end();
  }

  #heard(frame: Frame): void {
    if (this.#over || frame.kind !== "text") return;
    if (this.#translations) {
      for (const ready of this.#translations.heard(frame)) this.#tell(ready.transcript, ready.translations);
    } else if (frame.role === "transcript") this.#tell(frame, undefined);
  }

  #tell(frame: TextFrame, translations: readonly TextFrame[] | undefined): void {
    const start = ticksOf(frame.startSample, frame);
    const end = ticksOf(frame.endSample, frame);
    const { outlet } = this.place;
    if (!this.#started) outlet.json("speech.startDetected", { Offset: start });
    this.#started = true;
    const place = { Offset: start, Duration: Math.max(0, end - start), ...this.#who(frame) };
    if (!frame.final) {
      if (frame.text !== "") this.#hypothesis(frame.text, place, translations);
      return;
    }
    this.#endTicks = Math.max(this.#endTicks, end);
    this.#phrases++;
    if (!this.#asked.once) return this.#phrase(this.#success(frame, place), translations);
    outlet.json("speech.endDetected", { Offset: end });
    this.#phrase(this.#success(frame, place), translations);
    this.#close(); // one phrase is all that was asked for
  }

  #hypothesis(text: string, place: object, translations: readonly TextFrame[] | undefined): void {
    const { outlet } = this.place;
    if (!translations) outlet.json("speech.hypothesis", { Text: text, ...place });
    else if (this.#newStyle)
      outlet.json("translation.response", { SpeechHypothesis: { Text: text, ...place }, ...translated(translations) });
    else outlet.json("translation.hypothesis", { Text: text, ...place, Translation: translated(translations) });
  }

  #phrase(phrase: Record<string, unknown>, translations: readonly TextFrame[] | undefined): void {
    const { outlet } = this.place;
    if (!translations) return outlet.json("speech.phrase", phrase);
    if (this.#newStyle)
      return outlet.json("translation.response", { SpeechPhrase: phrase, ...translated(translations) });
    const { DisplayText, ...rest } = phrase;
    outlet.json("translation.phrase", { Text: DisplayText, ...rest, Translation: translated(translations) });
  }

  get #newStyle(): boolean {
    return this.place.settings.translationStyle === "response" && this.place.path.includes("/universal/");
  }

  #who({ language, speaker }: TextFrame): object {
    const { languages, diarization } = this.#asked;
    return {
      ...(languages.length > 0 && { PrimaryLanguage: { Language: language ?? languages[0], Confidence: "Unknown" } }),
      ...(diarization && { SpeakerId: speaker ?? "Unknown" }),
    };
  }

  #success(frame: TextFrame, place: { readonly Offset: number; readonly Duration: number }): Record<string, unknown> {
    const simple = { RecognitionStatus: "Success", ...place, DisplayText: frame.text, Channel: frame.channel ?? 0 };
    if (!this.#asked.detailed) return simple;
    const words = this.#asked.words && frame.words ? { Words: frame.words.map((word) => wordOf(word, frame)) } : {};
    const bare = frame.text.toLowerCase().replace(/[.,!?;:]/g, "");
    const best = {
      Confidence: frame.confidence ?? 0.9,
      Lexical: bare,
      ITN: bare,
      MaskedITN: bare,
      Display: frame.text,
      ...words,
    };
    return { ...simple, NBest: [best] };
  }

  /**
   * The end of all the audio, in whole ms, rounded up: the vendor's native clients count in these, and send what lies behind the last of them
   * once more, in another turn.
   */
  get #heardTicks(): number {
    const { format } = this.#wave;
    return format ? msToTicks(Math.ceil(samplesToMs(this.#samples, format.sampleRateHz))) : 0;
  }

  /** What the workflow had to say was said. */
  #finish(): void {
    if (this.#over) return;
    const { outlet } = this.place;
    for (const left of this.#translations?.rest() ?? []) this.#tell(left.transcript, left.translations);
    if (this.#over) return;
    const none = { Offset: Math.max(this.#endTicks, this.#heardTicks), Duration: 0 };
    outlet.json("speech.endDetected", { Offset: none.Offset });
    if (!this.#asked.once) outlet.json("speech.phrase", { RecognitionStatus: "EndOfDictation", ...none });
    else if (this.#phrases === 0) outlet.json("speech.phrase", { RecognitionStatus: "NoMatch", ...none });
    this.#close();
  }

  /** A single request waits for a first word only so long. */
  #lookForSilence(sampleRateHz: number): void {
    const limitMs = this.#asked.initialSilenceMs ?? this.place.settings.initialSilenceMs;
    if (!this.#asked.once || limitMs === 0 || this.#started || this.#over) return;
    if (samplesToMs(this.#samples, sampleRateHz) < limitMs) return;
    const Duration = msToTicks(limitMs);
    this.place.outlet.json("speech.phrase", { RecognitionStatus: "InitialSilenceTimeout", Offset: 0, Duration });
    this.#close();
  }

  #fail(status: RecognitionStatus): void {
    if (this.#over) return;
    this.place.outlet.json("speech.phrase", { RecognitionStatus: status, Offset: this.#endTicks, Duration: 0 });
    this.#close();
  }

  #close(): void {
    this.#over = true;
    this.#run?.leave();
    this.place.outlet.turnEnd();
    this.place.over();
  }
}

const STATUSES: readonly RecognitionStatus[] = ["Error", "TooManyRequests", "BadRequest", "Forbidden", "BabbleTimeout"];

const BY_CODE: Partial<Record<ErrorCode, RecognitionStatus>> = {
  QUOTA_EXCEEDED: "Forbidden",
  SERVER_BUSY: "TooManyRequests",
  VENDOR_RATE_LIMITED: "TooManyRequests",
  CONFIG_INVALID: "BadRequest",
  WORKFLOW_INVALID: "BadRequest",
  LANGUAGE_UNSUPPORTED: "BadRequest",
  AUDIO_FORMAT_UNSUPPORTED: "BadRequest",
};

const statusOf = (error: EngineError | undefined): RecognitionStatus => (error && BY_CODE[error.code]) ?? "Error";

const ticksOf = (sample: number, { sampleRateHz }: TextFrame): number => msToTicks(samplesToMs(sample, sampleRateHz));

const wordOf = (word: NonNullable<TextFrame["words"]>[number], frame: TextFrame): object => {
  const start = ticksOf(word.startSample, frame);
  return { Word: word.text, Offset: start, Duration: ticksOf(word.endSample, frame) - start };
};

const translated = (translations: readonly TextFrame[]): object => ({
  TranslationStatus: translations.length > 0 ? "Success" : "Error",
  Translations: translations.map(({ language = "", text }) => ({ Language: language, Text: text, DisplayText: text })),
});
