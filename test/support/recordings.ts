import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { debianRoots } from "#engine/plugin";

const inRoots = debianRoots(process.env).map((root) => join(root, "usr/share/pocketsphinx/test/data"));

/** Where Debian's pocketsphinx-testdata lies, in the system or the user's own root: human speech, 16 kHz, mono, under the BSD licence. */
export const RECORDINGS_DIR = inRoots.find((dir) => existsSync(dir)) ?? inRoots[0]!;

export const recordingsInstalled = (): boolean => existsSync(join(RECORDINGS_DIR, "goforward.raw"));

/** The recordings that hold speech, relative to `RECORDINGS_DIR`, in a fixed order; empty where the package is not installed. */
export function recordingNames(): string[] {
  if (!recordingsInstalled()) return [];
  const waves = (dir: string) =>
    readdirSync(join(RECORDINGS_DIR, dir))
      .filter((file) => file.endsWith(".wav"))
      .sort()
      .map((file) => `${dir}/${file}`);
  return [
    "goforward.raw",
    "something.raw",
    "numbers.raw",
    "tidigits/dhd.2934z.raw",
    ...waves("cards"),
    ...waves("librivox"),
  ];
}

/** The samples of one, 16 kHz mono. */
export function recordingPcm(name: string): Int16Array {
  const bytes = readFileSync(join(RECORDINGS_DIR, name));
  const data = name.endsWith(".wav") ? bytes.subarray(dataOffset(bytes)) : bytes;
  return new Int16Array(data.buffer.slice(data.byteOffset, data.byteOffset + (data.byteLength & ~1)));
}

function dataOffset(wav: Buffer): number {
  for (let at = 12; at + 8 <= wav.length; at += 8 + wav.readUInt32LE(at + 4))
    if (wav.toString("latin1", at, at + 4) === "data") return at + 8;
  throw new Error("no data chunk");
}
