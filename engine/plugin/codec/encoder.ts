import { Resampler } from "../../audio/index.ts";
import { EngineError } from "../../errors/index.ts";
import type { AudioFormat } from "../../frames/index.ts";
import type { AudioEncoder, EncodedContainer, EncoderModule, EncoderOptions, MakeEncoder } from "./encoding.ts";

export type { AudioEncoder };

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
