import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { encodeWav, WavReader } from "#engine/audio";
import { SAMPLES_DIR } from "./make-recording.ts";

const RATE_HZ = 16_000;

/** What is said in the first eight seconds of the sample recording, and what apertium makes of it. */
export const TWO_COMMANDS = {
  seconds: 8.3,
  said: ["go forward ten meters", "go somewhere and do something"],
  inSpanish: ["Va de frente diez metros", "Va a algún lugar y algo"],
} as const;

/** The first seconds of the sample recording, 16 kHz mono. */
export async function sampleStart(seconds: number): Promise<Int16Array> {
  const pcm = new WavReader().push(await Bun.file(join(SAMPLES_DIR, "recording.wav")).bytes());
  return pcm.slice(0, Math.round(seconds * RATE_HZ));
}

/** A new folder of this machine's temporary one. */
export const scratchFolder = (): string => mkdtempSync(join(tmpdir(), "parlando-test-"));

/** A WAV with the two commands, in that folder. */
export async function twoCommands(folder: string): Promise<string> {
  const path = join(folder, "two-commands.wav");
  writeFileSync(path, encodeWav(await sampleStart(TWO_COMMANDS.seconds), { sampleRateHz: RATE_HZ, channels: 1 }));
  return path;
}
