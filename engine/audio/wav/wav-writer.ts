import { EngineError } from "../../errors/index.ts";
import type { AudioFormat } from "../../frames/index.ts";
import { encodeS16le } from "../sample-decoder.ts";

/** The header of a 16-bit PCM WAV has always this length, so it can be written first and mended last. */
export const WAV_HEADER_BYTES = 44;
/** What the 32-bit length of the whole file leaves for samples. */
export const MAX_WAV_DATA_BYTES = 0xffffffff - (WAV_HEADER_BYTES - 8) - 1;

/**
 * The header of a WAV with that many bytes of 16-bit samples.
 * @throws EngineError AUDIO_TOO_LONG above `MAX_WAV_DATA_BYTES`.
 */
export function wavHeader({ sampleRateHz, channels }: AudioFormat, dataBytes: number): Uint8Array {
  requireWavLength(dataBytes);
  const header = new Uint8Array(WAV_HEADER_BYTES);
  const view = new DataView(header.buffer);
  const text = (at: number, id: string) => {
    for (let i = 0; i < id.length; i++) header[at + i] = id.charCodeAt(i);
  };
  text(0, "RIFF");
  view.setUint32(4, WAV_HEADER_BYTES - 8 + dataBytes, true);
  text(8, "WAVEfmt ");
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true);
  view.setUint16(22, channels, true);
  view.setUint32(24, sampleRateHz, true);
  view.setUint32(28, sampleRateHz * channels * 2, true);
  view.setUint16(32, channels * 2, true);
  view.setUint16(34, 16, true);
  text(36, "data");
  view.setUint32(40, dataBytes, true);
  return header;
}

/** @throws EngineError AUDIO_TOO_LONG when a WAV cannot state that many bytes of samples. */
export function requireWavLength(dataBytes: number): void {
  if (dataBytes > MAX_WAV_DATA_BYTES)
    throw new EngineError(
      "AUDIO_TOO_LONG",
      `${dataBytes} bytes of samples; a WAV file holds at most ${MAX_WAV_DATA_BYTES}`,
    );
}

/** A whole 16-bit PCM WAV in memory, for short recordings. */
export function encodeWav(pcm: Int16Array, format: AudioFormat): Uint8Array {
  const wav = new Uint8Array(WAV_HEADER_BYTES + pcm.length * 2);
  wav.set(wavHeader(format, pcm.length * 2));
  wav.set(encodeS16le(pcm), WAV_HEADER_BYTES);
  return wav;
}
