import { type AudioFrame, convertChannels, encodeS16le, Resampler, wavHeader } from "#engine/plugin";

export const SPOKEN_RATES_HZ = [8000, 11025, 16000, 22050, 24000, 32000, 44100, 48000];
export const SPOKEN_FORMATS = ["pcm", "wav"];

/** What a WAV's head says of its length when it is not known: readers take all that follows for audio. */
const UNKNOWN_BYTES = 0x7ffff000;
const MESSAGE_BYTES = 3200;

/** Turns what a workflow speaks into messages of the rate and format that the client asked for. */
export class AudioOut {
  #resampler: Resampler | undefined;
  #from: { readonly sampleRateHz: number } | undefined;
  #rest: Uint8Array = new Uint8Array(0);
  #samples = 0;
  #begun = false;

  constructor(
    readonly format: string,
    readonly sampleRateHz: number,
    readonly send: (bytes: Uint8Array) => void,
  ) {}

  /** Samples that were sent or wait to be. */
  get samples(): number {
    return this.#samples;
  }

  push(frame: AudioFrame): void {
    const mono = convertChannels(frame.pcm, frame.channels, 1);
    if (this.#from?.sampleRateHz !== frame.sampleRateHz) {
      this.#take(this.#resampler?.flush());
      this.#from = frame;
      this.#resampler = new Resampler({ fromHz: frame.sampleRateHz, toHz: this.sampleRateHz });
    }
    this.#take(this.#resampler?.push(mono));
  }

  /** Sends what waits, such as between two sentences. */
  flush(): void {
    this.#take(this.#resampler?.flush());
    if (this.#rest.length > 0) this.send(this.#rest);
    this.#rest = new Uint8Array(0);
  }

  #take(pcm: Int16Array | undefined): void {
    if (!pcm || pcm.length === 0) return;
    this.#samples += pcm.length;
    const head =
      this.format === "wav" && !this.#begun
        ? wavHeader({ sampleRateHz: this.sampleRateHz, channels: 1 }, UNKNOWN_BYTES)
        : new Uint8Array(0);
    this.#begun = true;
    const bytes = Buffer.concat([head, this.#rest, encodeS16le(pcm)]);
    let at = 0;
    for (; at + MESSAGE_BYTES <= bytes.length; at += MESSAGE_BYTES) this.send(bytes.subarray(at, at + MESSAGE_BYTES));
    this.#rest = bytes.subarray(at);
  }
}
