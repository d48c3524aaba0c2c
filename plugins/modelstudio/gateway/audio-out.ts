import {
  type AudioEncoder,
  type AudioFrame,
  convertChannels,
  encodeS16le,
  openEncoder,
  Resampler,
  wavHeader,
} from "#engine/plugin";

export const SPOKEN_RATES_HZ = [8000, 16000, 22050, 24000, 44100, 48000];
export const SPOKEN_FORMATS = ["pcm", "wav", "mp3", "opus"];

/** What a WAV's head says of its length when it is not known: readers take all that follows for audio. */
const UNKNOWN_BYTES = 0x7ffff000;
const MESSAGE_BYTES = 4096;

export interface AudioOutFormat {
  readonly format: string;
  readonly sampleRateHz: number;
  readonly bitRateKbps?: number | undefined;
}

/** Turns what a workflow speaks into messages of the rate and format that the client asked for. */
export class AudioOut {
  #resampler: Resampler | undefined;
  #fromHz = 0;
  #rest: Uint8Array = new Uint8Array(0);
  #samples = 0;
  #begun = false;

  private constructor(
    readonly of: AudioOutFormat,
    readonly encoder: AudioEncoder | undefined,
    readonly send: (bytes: Uint8Array) => void,
  ) {}

  /** @throws EngineError ENGINE_MISSING where the encoder's library is not installed. */
  static async open(of: AudioOutFormat, send: (bytes: Uint8Array) => void): Promise<AudioOut> {
    const { format, sampleRateHz, bitRateKbps } = of;
    const options = bitRateKbps === undefined ? {} : { bitrate: bitRateKbps * 1000 };
    const coded = format === "mp3" || format === "opus";
    const encoder = coded ? await openEncoder(format, { sampleRateHz, channels: 1 }, options) : undefined;
    return new AudioOut(of, encoder, send);
  }

  /** Samples that were sent or wait to be. */
  get samples(): number {
    return this.#samples;
  }

  push(frame: AudioFrame): void {
    const mono = convertChannels(frame.pcm, frame.channels, 1);
    if (this.#fromHz !== frame.sampleRateHz) {
      this.#take(this.#resampler?.flush());
      this.#fromHz = frame.sampleRateHz;
      this.#resampler = new Resampler({ fromHz: frame.sampleRateHz, toHz: this.of.sampleRateHz });
    }
    this.#take(this.#resampler?.push(mono));
  }

  /** Sends what waits, such as between two sentences. What a codec has not filled yet stays with it. */
  flush(): void {
    this.#take(this.#resampler?.flush());
    this.#resampler = undefined;
    this.#fromHz = 0;
    this.#sendRest();
  }

  /** Sends what a file of the format ends with. */
  end(): void {
    this.flush();
    if (this.encoder && this.#samples > 0) this.#append(this.encoder.end());
    this.#sendRest();
  }

  close(): void {
    this.encoder?.close();
  }

  #take(pcm: Int16Array | undefined): void {
    if (!pcm || pcm.length === 0) return;
    this.#samples += pcm.length;
    if (this.of.format === "wav" && !this.#begun)
      this.#rest = wavHeader({ sampleRateHz: this.of.sampleRateHz, channels: 1 }, UNKNOWN_BYTES);
    this.#begun = true;
    this.#append(this.encoder ? this.encoder.encode(pcm) : encodeS16le(pcm));
  }

  #append(more: Uint8Array): void {
    const bytes = Buffer.concat([this.#rest, more]);
    let at = 0;
    for (; at + MESSAGE_BYTES <= bytes.length; at += MESSAGE_BYTES) this.send(bytes.subarray(at, at + MESSAGE_BYTES));
    this.#rest = bytes.subarray(at);
  }

  #sendRest(): void {
    if (this.#rest.length > 0) this.send(this.#rest);
    this.#rest = new Uint8Array(0);
  }
}
