import { type DataFrame, msToSamples, SampleDecoder, type Session, type TextFrame, type Word } from "#engine/plugin";
import type { MetadataItem } from "../wire/spoken.ts";
import { ticksToMs } from "../wire.ts";
import { formatOf, type TtsSettings } from "./config.ts";

/** Where the audio of a node reaches to: every text begins where the one before it ended. */
export interface SpokenSoFar {
  endSample: number;
}

/** What the service makes of one text: samples, or a file as a whole, and what it says about them. */
export class Spoken {
  readonly #decoder: SampleDecoder | undefined;
  readonly #pieces: Uint8Array[] = [];
  readonly #words: Word[] = [];
  readonly #sampleRateHz: number;
  readonly #startSample: number;

  constructor(
    private readonly session: Session,
    private readonly from: TextFrame,
    private readonly settings: TtsSettings,
    private readonly soFar: SpokenSoFar,
  ) {
    const format = formatOf(settings);
    this.#sampleRateHz = format.sampleRateHz;
    this.#decoder = format.kind === "audio" ? new SampleDecoder(format.encoding, 1) : undefined;
    this.#startSample = soFar.endSample;
  }

  push(bytes: Uint8Array): void {
    if (!this.#decoder) return void this.#pieces.push(bytes);
    const pcm = this.#decoder.push(bytes);
    if (pcm.length === 0) return;
    this.session.emit(
      {
        kind: "audio",
        pcm,
        sampleRateHz: this.#sampleRateHz,
        channels: 1,
        startSample: this.soFar.endSample,
        utterance: this.from.utterance,
        ...(this.from.protected && { protected: true as const }),
      },
      "audio",
    );
    this.soFar.endSample += pcm.length;
  }

  /** Offsets are counted from the beginning of this text's audio. */
  tell({ Type, Data }: MetadataItem): void {
    const at = this.#startSample + msToSamples(ticksToMs(Data.Offset), this.#sampleRateHz);
    const { visemes, bookmarks } = this.settings;
    if (visemes && Type === "Viseme" && Data.VisemeId !== undefined)
      this.#data("visemes", "azure.viseme", { id: Data.VisemeId }, at);
    if (bookmarks && Type === "Bookmark" && Data.Bookmark !== undefined)
      this.#data("bookmarks", "azure.bookmark", { mark: Data.Bookmark }, at);
    if (Type !== "WordBoundary" || !Data.text || Data.text.BoundaryType === "PunctuationBoundary") return;
    const samples = msToSamples(ticksToMs(Data.Duration), this.#sampleRateHz);
    this.#words.push({ text: Data.text.Text, startSample: at, endSample: at + samples });
  }

  /** All was spoken. @returns bytes that are no whole sample. */
  end(): number {
    const { words } = this.settings;
    if (!this.#decoder && this.#pieces.length > 0) this.#recording();
    if (words) this.session.emit(this.#text(), "spoken");
    return this.#decoder?.spareBytes ?? 0;
  }

  #data(port: string, topic: string, what: object, atSample: number): void {
    const value = { ...what, utterance: this.from.utterance };
    const frame: DataFrame = { kind: "data", topic, value, atSample, sampleRateHz: this.#sampleRateHz };
    this.session.emit(frame, port);
  }

  #recording(): void {
    const format = formatOf(this.settings);
    this.session.emit(
      {
        kind: "recording",
        source: { bytes: Buffer.concat(this.#pieces) },
        ...(format.kind === "recording" && { container: format.container }),
        sampleRateHz: this.#sampleRateHz,
        channels: 1,
      },
      "recording",
    );
  }

  /** The text as it was spoken: a transcript of its audio, or still a translation. */
  #text(): TextFrame {
    const { text, utterance, role, language, speaker, madeFrom, protected: isProtected } = this.from;
    const last = this.#words.at(-1)?.endSample ?? this.#startSample;
    const endSample = Math.max(this.soFar.endSample, last);
    return {
      kind: "text",
      role: role === "translation" ? "translation" : "transcript",
      text,
      utterance,
      revision: 1,
      final: true,
      stableChars: text.length,
      startSample: this.#startSample,
      endSample,
      sampleRateHz: this.#sampleRateHz,
      ...(language !== undefined && { language }),
      ...(speaker !== undefined && { speaker }),
      ...(madeFrom && { madeFrom }),
      ...(isProtected && { protected: true as const }),
      words: this.#words,
    };
  }
}
