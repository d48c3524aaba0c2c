import { EngineError } from "../errors/index.ts";
import type { AudioFormat } from "../frames/index.ts";

/** What the engine works with; telephones begin at 8,000 Hz, and nothing that people hear needs more than 192,000. */
export const AUDIO_LIMITS = { minRateHz: 1000, maxRateHz: 384_000, maxChannels: 32 } as const;

/**
 * @param where opens the message: the file or node that gave the format.
 * @throws EngineError AUDIO_FORMAT_UNSUPPORTED outside of `AUDIO_LIMITS`.
 */
export function requireUsableFormat({ sampleRateHz, channels }: AudioFormat, where: string): void {
  const { minRateHz, maxRateHz, maxChannels } = AUDIO_LIMITS;
  if (!Number.isInteger(sampleRateHz) || sampleRateHz < minRateHz || sampleRateHz > maxRateHz)
    throw new EngineError(
      "AUDIO_FORMAT_UNSUPPORTED",
      `${where}: ${sampleRateHz} Hz; wanted a whole number from ${minRateHz} to ${maxRateHz} Hz`,
    );
  if (!Number.isInteger(channels) || channels < 1 || channels > maxChannels)
    throw new EngineError("AUDIO_FORMAT_UNSUPPORTED", `${where}: ${channels} channels; wanted 1 to ${maxChannels}`);
}
