import { convertChannels, encodeALaw, encodeMuLaw, encodeS16le, Resampler, wavHeader } from "../../audio/index.ts";
import type { AudioFrame } from "../../frames/index.ts";
import { type AudioEncoder, openEncoder } from "../codec/encoder.ts";

export type SpokenOutFormat = "pcm" | "wav" | "alaw" | "mulaw" | "mp3" | "opus";

export interface SpokenOutOptions {
  readonly format: SpokenOutFormat;
  readonly sampleRateHz: number;
  /** Of a codec; what is fit for speech where left out. */
  readonly bitRate?: number;
  /** Messages have this many bytes, the last of a stretch fewer. */
  readonly messageBytes: number;
}

/** What a WAV's head says of its length when it is not known: readers take all that follows for audio. */
const UNKNOWN_BYTES = 0x7ffff000;

const SAMPLES = { pcm: encodeS16le, wav: encodeS16le, alaw: encodeALaw, mulaw: encodeMuLaw } as const;

/** Turns what a workflow speaks into messages of the rate and format that a client asked for. */
export class SpokenOut {
  #resampler: Resampler | undefined;
  #fromHz = 0;
  #rest: Uint8Array = new Uint8Array(0);
  #samples = 0;
  #begun = false;

  private constructor(
    readonly options: SpokenOutOptions,
    private readonly encode: (pcm: Int16Array) => Uint8Array,
    private readonly encoder: AudioEncoder | undefined,
    private readonly send: (bytes: Uint8Array) => void,
  ) {}

  /** @throws EngineError ENGINE_MISSING where the encoder's library is not installed. */
  static async open(options: SpokenOutOptions, send: (bytes: Uint8Array) => void): Promise<SpokenOut> {
    const { format, sampleRateHz, bitRate } = options;
    if (format !== "mp3" && format !== "opus") return new SpokenOut(options, SAMPLES[format], undefined, send);
    const encoder = await openEncoder(
      format,
      { sampleRateHz, channels: 1 },
      bitRate === undefined ? {} : { bitrate: bitRate },
    );
    return new SpokenOut(options, (pcm) => encoder.encode(pcm), encoder, send);
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
      this.#resampler = new Resampler({ fromHz: frame.sampleRateHz, toHz: this.options.sampleRateHz });
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
    const { format, sampleRateHz } = this.options;
    if (format === "wav" && !this.#begun) this.#rest = wavHeader({ sampleRateHz, channels: 1 }, UNKNOWN_BYTES);
    this.#begun = true;
    this.#append(this.encode(pcm));
  }

  #append(more: Uint8Array): void {
    const { messageBytes } = this.options;
    const bytes = Buffer.concat([this.#rest, more]);
    let at = 0;
    for (; at + messageBytes <= bytes.length; at += messageBytes) this.send(bytes.subarray(at, at + messageBytes));
    this.#rest = bytes.subarray(at);
  }

  #sendRest(): void {
    if (this.#rest.length > 0) this.send(this.#rest);
    this.#rest = new Uint8Array(0);
  }
}
