import { join } from "node:path";
import { encodeWav } from "#engine/audio";
import { whiteNoise } from "./detector-signals.ts";
import { recordingPcm } from "./recordings.ts";
import { concat } from "./signals.ts";

/** Where the sample recording and its reference text lie. */
export const SAMPLES_DIR = join(import.meta.dir, "../../workflows/samples");

const RATE_HZ = 16000;
const PAUSE_SAMPLES = RATE_HZ;
/** About -77 dBFS: a quiet room instead of digital silence, which no microphone gives. */
const ROOM_PEAK = 8;

/** What the sample recording is made of, in this order, with a second of a quiet room before, between and after. */
export const PARTS: readonly { readonly file: string; readonly text: string }[] = [
  { file: "goforward.raw", text: "go forward ten meters" },
  { file: "something.raw", text: "go somewhere and do something" },
  {
    file: "librivox/sense_and_sensibility_01_austen_64kb-0870.wav",
    text: "and mister john dashwood had then leisure to consider how much there might be prudently in his power to do for them",
  },
  {
    file: "librivox/sense_and_sensibility_01_austen_64kb-0880.wav",
    text: "he was not an ill disposed young man",
  },
  {
    file: "librivox/sense_and_sensibility_01_austen_64kb-0890.wav",
    text: "unless to be rather cold hearted and rather selfish is to be ill disposed",
  },
  {
    file: "librivox/sense_and_sensibility_01_austen_64kb-0920.wav",
    text: "had he married a more amiable woman he might have been made still more respectable than he was",
  },
  {
    file: "librivox/sense_and_sensibility_01_austen_64kb-0930.wav",
    text: "he might even have been made amiable himself",
  },
];

/** The bytes of `recording.wav`, from the recordings of Debian's pocketsphinx-testdata. */
export function sampleRecording(): Uint8Array {
  const room = (seed: number) => whiteNoise(PAUSE_SAMPLES, ROOM_PEAK, seed);
  const parts = PARTS.flatMap(({ file }, i) => [recordingPcm(file), room(i + 2)]);
  return encodeWav(concat(room(1), ...parts), { sampleRateHz: RATE_HZ, channels: 1 });
}

/** The words spoken, a line for each part. */
export const sampleText = (): string => PARTS.map(({ text }) => `${text}\n`).join("");

if (import.meta.main) {
  await Bun.write(join(SAMPLES_DIR, "recording.wav"), sampleRecording());
  await Bun.write(join(SAMPLES_DIR, "recording.txt"), sampleText());
}
