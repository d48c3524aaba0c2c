import { Resampler } from "../../audio/index.ts";
import { EngineError } from "../../errors/index.ts";
import type { AudioFormat } from "../../frames/index.ts";

/** Containers that are written without a program of the machine; `vorbis` and `opus` are those codecs in Ogg. */
export const ENCODED_CONTAINERS = ["mp3", "vorbis", "opus"] as const;
export type EncodedContainer = (typeof ENCODED_CONTAINERS)[number];

export const MEDIA_TYPES: Readonly<Record<EncodedContainer, string>> = {
  mp3: "audio/mpeg",
  vorbis: "audio/ogg;codecs=vorbis",
  opus: "audio/ogg;codecs=opus",
};

export interface EncoderOptions {
  /** Bits a second. MP3 takes the nearest of its own table; Vorbis has a quality instead and does not look at it. */
  readonly bitrate?: number;
  /** Tells Ogg streams of one file apart; the same number makes the same file. Default 1. */
  readonly serial?: number;
}

/** Makes one file of samples, piece by piece. Owns native memory: `close()` it. */
export interface AudioEncoder {
  /** @param pcm interleaved, of any length; not kept. @returns bytes of the caller's own, perhaps none. */
  encode(pcm: Int16Array): Uint8Array;
  /** What the file ends with. */
  end(): Uint8Array;
  close(): void;
}

/**
 * Opens an encoder; its library is loaded at the first use of each. Rates that a codec has not are converted to one that it has.
 * @throws EngineError AUDIO_FORMAT_UNSUPPORTED for more than two channels; ENGINE_MISSING where a library is not installed.
 */
export async function openEncoder(
  container: EncodedContainer,
  format: AudioFormat,
  options: EncoderOptions = {},
): Promise<AudioEncoder> {
  if (format.channels !== 1 && format.channels !== 2)
    throw new EngineError("AUDIO_FORMAT_UNSUPPORTED", `${format.channels} channels: ${container} takes one or two`);
  const codec = await import(container === "opus" ? "./ogg-opus-encoder.ts" : "./media-encoder.ts");
  const rates: readonly number[] = codec.ratesOf(container);
  const sampleRateHz = fittingRate(format.sampleRateHz, rates);
  const encoder: AudioEncoder = await codec.open(container, { ...format, sampleRateHz }, options);
  return sampleRateHz === format.sampleRateHz ? encoder : resampling(encoder, format, sampleRateHz);
}

/** The rate itself, else the next higher one, else the highest. @param rates ascending */
export const fittingRate = (rateHz: number, rates: readonly number[]): number =>
  rates.find((rate) => rate >= rateHz) ?? rates.at(-1) ?? rateHz;

function resampling(encoder: AudioEncoder, { sampleRateHz, channels }: AudioFormat, toHz: number): AudioEncoder {
  const resampler = new Resampler({ fromHz: sampleRateHz, toHz, channels });
  return {
    encode: (pcm) => encoder.encode(resampler.push(pcm)),
    end() {
      const rest = encoder.encode(resampler.flush());
      return Buffer.concat([rest, encoder.end()]);
    },
    close: () => encoder.close(),
  };
}
