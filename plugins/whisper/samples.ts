import { readFile } from "node:fs/promises";
import {
  convertChannels,
  EngineError,
  isDecoded,
  joinPcm,
  openDecoder,
  type RecordingFrame,
  Resampler,
  sniffContainer,
  WavReader,
} from "#engine/plugin";

export const RATE_HZ = 16_000;

/**
 * A recording as whisper hears it: 16 kHz, mono.
 * @throws EngineError FILE_NOT_FOUND, FILE_UNREADABLE, AUDIO_NOT_RECOGNISED, AUDIO_DAMAGED, AUDIO_EMPTY, AUDIO_TOO_LONG.
 */
export async function samplesOf({ source }: RecordingFrame, mostSamples: number): Promise<Int16Array> {
  if ("url" in source)
    throw new EngineError("FILE_UNREADABLE", "a web address; wanted a file, for whisper runs on this machine");
  const name = "path" in source ? source.path : "the recording";
  const bytes = "path" in source ? await read(source.path) : source.bytes;
  const { pcm, sampleRateHz, channels } = await decoded(name, bytes);
  if (pcm.length === 0) throw new EngineError("AUDIO_EMPTY", `${name}: no samples`);
  const resampler = new Resampler({ fromHz: sampleRateHz, toHz: RATE_HZ, channels: 1, startSample: 0 });
  const mono = convertChannels(pcm, channels, 1);
  if ((mono.length * RATE_HZ) / sampleRateHz > mostSamples)
    throw new EngineError(
      "AUDIO_TOO_LONG",
      `${name}: ${Math.round(mono.length / sampleRateHz / 60)} min; see maxMinutes`,
    );
  return sampleRateHz === RATE_HZ ? mono.slice() : joinPcm([resampler.push(mono), resampler.flush()]);
}

async function read(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (cause) {
    const absent = cause instanceof Error && "code" in cause && cause.code === "ENOENT";
    throw new EngineError(absent ? "FILE_NOT_FOUND" : "FILE_UNREADABLE", `${path}: cannot be read`, { cause });
  }
}

async function decoded(name: string, bytes: Uint8Array) {
  const container = sniffContainer(bytes.subarray(0, 64));
  if (container === "wav") {
    const reader = new WavReader();
    const pcm = reader.push(bytes);
    reader.end();
    if (reader.info) return { pcm, sampleRateHz: reader.info.sampleRateHz, channels: reader.info.channels };
  }
  if (!isDecoded(container))
    throw new EngineError(
      "AUDIO_NOT_RECOGNISED",
      `${name}: ${container ?? "no recording of a known kind"}; wanted WAV, MP3, FLAC or Ogg`,
    );
  const decoder = await openDecoder(container);
  try {
    const pcm = joinPcm([await decoder.push(bytes), await decoder.end()]);
    if (decoder.format) return { pcm, ...decoder.format };
  } finally {
    decoder.close();
  }
  throw new EngineError("AUDIO_EMPTY", `${name}: no samples`);
}
