import {
  type AudioFormat,
  type DecodedRecording,
  type Engine,
  EngineError,
  type Environment,
  findProgram,
  hostEnvironment,
  runProgram,
  WavReader,
} from "#engine/plugin";
import { rawSamples } from "./audio-in.ts";

/** A recording as a client gave it. */
export interface Encoded {
  readonly bytes: Uint8Array;
  readonly container: string | undefined;
  /** What the client says of it; raw samples have nothing else. */
  readonly format: AudioFormat;
  /** Other channels than the first are left out. */
  readonly firstOnly?: boolean;
}

/** How long ffmpeg may work on one recording. */
const DECODE_MS = 120_000;

/**
 * WAV and raw samples are read here, everything else by ffmpeg.
 * @throws EngineError AUDIO_NOT_RECOGNISED where there is no decoder for it, or it is broken; AUDIO_FORMAT_UNSUPPORTED when it has another
 *   number of channels than its sender said; AUDIO_EMPTY.
 */
export async function decode(
  recording: Encoded,
  environment: Environment = hostEnvironment(),
): Promise<DecodedRecording> {
  const { bytes, container, format, firstOnly } = recording;
  if (bytes.length === 0) throw new EngineError("AUDIO_EMPTY", "a recording without bytes");
  if (container === "wav") return checked(readWav(bytes), firstOnly ? "first" : format.channels);
  if (container === "pcm") return checked({ format, pcm: rawSamples(bytes, format.channels) }, format.channels);
  const ffmpeg = findProgram("ffmpeg", environment);
  if (!ffmpeg)
    throw new EngineError(
      "AUDIO_NOT_RECOGNISED",
      `no decoder for ${container ?? "this recording"}: it takes ffmpeg, which is not installed`,
    );
  const wanted = ["-f", "s16le", "-ac", `${format.channels}`, "-ar", `${format.sampleRateHz}`, "pipe:1"];
  const args = ["-hide_banner", "-loglevel", "error", "-i", "pipe:0", "-vn", ...wanted];
  const pcm = await runProgram(ffmpeg, args, { stdin: bytes, timeoutMs: DECODE_MS }).catch((cause) => {
    throw new EngineError("AUDIO_NOT_RECOGNISED", "ffmpeg could not read a recording", { cause });
  });
  return checked({ format, pcm: rawSamples(pcm, format.channels) }, format.channels);
}

function readWav(bytes: Uint8Array): DecodedRecording {
  const reader = new WavReader();
  const pcm = reader.push(bytes);
  reader.end();
  const { sampleRateHz = 0, channels = 1 } = reader.info ?? {};
  return { format: { sampleRateHz, channels }, pcm };
}

function checked({ format, pcm }: DecodedRecording, wanted: number | "first"): DecodedRecording {
  const { channels } = format;
  if (wanted !== "first" && channels !== wanted)
    throw new EngineError(
      "AUDIO_FORMAT_UNSUPPORTED",
      `a recording with ${channels} channels, announced with ${wanted}`,
    );
  if (pcm.length === 0) throw new EngineError("AUDIO_EMPTY", "a recording without a sample");
  return { format, pcm: pcm.subarray(0, pcm.length - (pcm.length % channels)) };
}

/** What `doctor` says of it. */
export const ffmpeg: Engine = {
  name: "ffmpeg",
  purpose: "Recordings other than WAV behind the Tencent gateway",
  optional: true,
  async find() {
    const program = findProgram("ffmpeg", hostEnvironment());
    if (program) return { found: true, path: program.path };
    return { found: false, missing: "ffmpeg in PATH", mend: "apt-get install ffmpeg" };
  },
};
