import { type AudioDecoder, convertChannels, joinPcm, loadOpus, openDecoder, Resampler } from "#engine/plugin";
import { audioReader } from "../audio-reader.ts";

/** Makes samples of what a client sends. */
export interface AudioIn {
  /** @throws EngineError AUDIO_NOT_RECOGNISED, AUDIO_DAMAGED for what is not of the format that was named. */
  push(bytes: Uint8Array): Promise<Int16Array>;
  /** What was still inside. */
  end(): Promise<Int16Array>;
  close(): void;
}

/** The service takes more: speex, aac and amr have no decoder here. */
const FORMATS = ["pcm", "wav", "opus", "mp3"];

/** Undefined for a format that is not read here. */
export async function audioIn(format: string, sampleRateHz: number): Promise<AudioIn | undefined> {
  if (!FORMATS.includes(format)) return undefined;
  if (format === "mp3") return new DecodedIn(await openDecoder("mp3"), sampleRateHz);
  const codec = format === "opus" ? await loadOpus() : undefined;
  const reader = audioReader(format === "wav" || format === "opus" ? format : "pcm", sampleRateHz, codec);
  return {
    push: async (bytes) => reader.push(bytes),
    end: async () => new Int16Array(0),
    close: () => reader.close(),
  };
}

/** Of a file that says by itself at which rate it is, as samples of the rate that was named. */
class DecodedIn implements AudioIn {
  #resampler: Resampler | undefined;

  constructor(
    readonly decoder: AudioDecoder,
    readonly sampleRateHz: number,
  ) {}

  async push(bytes: Uint8Array): Promise<Int16Array> {
    return this.#converted(await this.decoder.push(bytes));
  }

  async end(): Promise<Int16Array> {
    const rest = this.#converted(await this.decoder.end());
    return joinPcm([rest, this.#resampler?.flush() ?? new Int16Array(0)]);
  }

  close(): void {
    this.decoder.close();
  }

  #converted(pcm: Int16Array): Int16Array {
    const { format } = this.decoder;
    if (!format || pcm.length === 0) return new Int16Array(0);
    this.#resampler ??= new Resampler({ fromHz: format.sampleRateHz, toHz: this.sampleRateHz });
    return this.#resampler.push(convertChannels(pcm, format.channels, 1));
  }
}
