import { type Engine, findProgram, hostEnvironment, runProgram } from "#engine/plugin";
import { DEVICE_PROGRAMS, type Direction, programName, withDevices } from "./programs.ts";

const MEND = process.platform === "darwin" ? "brew install sox" : "apt-get install alsa-utils";

const engineFor = (direction: Direction): Engine => ({
  name: direction,
  purpose:
    direction === "microphone" ? "listening to this machine's microphone" : "playing on this machine's loudspeaker",
  optional: true,
  async find() {
    const environment = hostEnvironment();
    for (const kind of DEVICE_PROGRAMS) {
      const found = findProgram(programName(kind, direction), environment);
      if (!found || (kind === "ffmpeg" && direction === "speaker")) continue;
      if (kind !== "alsa") return { found: true, path: found.path, note: "it does not list its devices" };
      const list = await runProgram(withDevices(found, environment), ["-L"], { timeoutMs: 3000 });
      return { found: true, path: found.path, note: devicesIn(new TextDecoder().decode(list)) };
    }
    const names = DEVICE_PROGRAMS.map((kind) => programName(kind, direction));
    return { found: false, missing: `${[...new Set(names)].join(", ")} in PATH`, mend: MEND };
  },
});

/** Names of ALSA's list begin a line; what describes them is indented. */
export function devicesIn(list: string): string {
  const names = list.split("\n").filter((line) => /^\S/.test(line) && line !== "null");
  return names.length === 0 ? "no devices" : `devices: ${names.join(", ")}`;
}

/** What `doctor` says of the machine's devices. */
export const deviceEngines: readonly Engine[] = [engineFor("microphone"), engineFor("speaker")];
