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

/** Makes one encoder, at once. @throws EngineError AUDIO_FORMAT_UNSUPPORTED for more than two channels. */
export type MakeEncoder = (format: AudioFormat, options?: EncoderOptions) => AudioEncoder;

/** What a module of one library exports. */
export interface EncoderModule {
  /** Ascending; what comes at another rate is converted. */
  readonly ratesHz: readonly number[];
  /** @returns a function that is called once, with a rate out of the list and one or two channels. */
  prepare(container: EncodedContainer): Promise<(format: AudioFormat, options: EncoderOptions) => AudioEncoder>;
}

/**
 * Loads what one encoder needs, so that it can be made when its format is known. Its library is loaded at the first use of each.
 * @throws EngineError ENGINE_MISSING where a library is not installed.
 */
export async function prepareEncoder(container: EncodedContainer): Promise<MakeEncoder> {
  const codec: EncoderModule =
    container === "opus"
      ? (await import("./ogg-opus-encoder.ts")).oggOpusEncoder
      : (await import("./media-encoder.ts")).mediaEncoder;
  const make = await codec.prepare(container);
  return (format, options = {}) => {
    if (format.channels !== 1 && format.channels !== 2)
      throw new EngineError("AUDIO_FORMAT_UNSUPPORTED", `${format.channels} channels: ${container} takes one or two`);
    const sampleRateHz = fittingRate(format.sampleRateHz, codec.ratesHz);
    const encoder = make({ ...format, sampleRateHz }, options);
    return sampleRateHz === format.sampleRateHz ? encoder : resampling(encoder, format, sampleRateHz);
  };
}

/** Loads and makes an encoder. @throws as `prepareEncoder` and what it makes. */
export const openEncoder = async (
  container: EncodedContainer,
  format: AudioFormat,
  options?: EncoderOptions,
): Promise<AudioEncoder> => (await prepareEncoder(container))(format, options);

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
