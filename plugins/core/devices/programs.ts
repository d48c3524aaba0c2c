import { type AudioFormat, EngineError, type Environment, findProgram, type Program } from "#engine/plugin";

/** Programs that move samples between a device and a pipe, in the order in which they are tried. */
export const DEVICE_PROGRAMS = ["alsa", "sox", "ffmpeg"] as const;
export type DeviceProgram = (typeof DEVICE_PROGRAMS)[number];
/** Also by a library, where it is asked for by name. */
export const THROUGH = ["auto", ...DEVICE_PROGRAMS, "decibri"] as const;
export type Through = (typeof THROUGH)[number];

export type Direction = "microphone" | "speaker";

export interface Invocation {
  readonly program: Program;
  readonly args: readonly string[];
}

/** ALSA's own buffer. What is in it when a voice is cut off was heard or is lost, so it is short; a loaded machine still fills it in time. */
const ALSA_BUFFER_US = 120_000;
/** aplay would begin only when its buffer is full. */
const ALSA_START_US = 20_000;

/**
 * How samples of 16 bits move between a pipe and a device.
 * @param device as the program names it; its default where left out.
 * @throws EngineError ENGINE_MISSING where no program is installed that can.
 */
export function invocation(
  direction: Direction,
  through: DeviceProgram | "auto",
  format: AudioFormat,
  device: string | undefined,
  environment: Environment,
): Invocation {
  const wanted = through === "auto" ? DEVICE_PROGRAMS : [through];
  for (const kind of wanted) {
    const program = findProgram(programName(kind, direction), environment);
    if (program && (kind !== "ffmpeg" || direction === "microphone"))
      return { program: withDevices(program, environment), args: ARGUMENTS[kind](direction, format, device) };
  }
  const names = wanted.map((kind) => programName(kind, direction)).join(", ");
  throw new EngineError(
    "ENGINE_MISSING",
    `${direction}: none of ${names} is installed (${process.platform === "darwin" ? "brew install sox" : "apt-get install alsa-utils"})`,
  );
}

export const programName = (kind: DeviceProgram, direction: Direction): string =>
  kind === "alsa" ? (direction === "microphone" ? "arecord" : "aplay") : kind;

/** ALSA, PulseAudio and PipeWire are told by these where the devices are. */
const DEVICE_VARIABLES = ["ALSA_CONFIG_PATH", "XDG_RUNTIME_DIR", "PULSE_SERVER", "DBUS_SESSION_BUS_ADDRESS"] as const;

export function withDevices(program: Program, environment: Environment): Program {
  const env: Record<string, string> = { ...program.env };
  for (const name of DEVICE_VARIABLES) if (environment[name]) env[name] = environment[name];
  return { ...program, env };
}

const ARGUMENTS: Record<DeviceProgram, (direction: Direction, format: AudioFormat, device?: string) => string[]> = {
  alsa: (direction, { sampleRateHz, channels }, device) => [
    ...["-q", "-t", "raw", "-f", "S16_LE", "-r", `${sampleRateHz}`, "-c", `${channels}`],
    ...["--buffer-time", `${ALSA_BUFFER_US}`],
    ...(direction === "speaker" ? ["--start-delay", `${ALSA_START_US}`] : []),
    ...(device === undefined ? [] : ["-D", device]),
    "-",
  ],
  sox(direction, { sampleRateHz, channels }, device) {
    const pipe = ["-t", "raw", "-e", "signed", "-b", "16", "-L", "-r", `${sampleRateHz}`, "-c", `${channels}`, "-"];
    const driver = process.platform === "darwin" ? "coreaudio" : "alsa";
    const end = device === undefined ? ["-d"] : ["-t", driver, device];
    return direction === "microphone" ? ["-q", "-V1", ...end, ...pipe] : ["-q", "-V1", ...pipe, ...end];
  },
  ffmpeg(_direction, { sampleRateHz, channels }, device) {
    const [driver, standard] = process.platform === "darwin" ? ["avfoundation", ":default"] : ["alsa", "default"];
    const from = ["-hide_banner", "-loglevel", "error", "-nostdin", "-f", driver, "-i", device ?? standard];
    return [...from, "-ac", `${channels}`, "-ar", `${sampleRateHz}`, "-f", "s16le", "pipe:1"];
  },
};
