import { existsSync } from "node:fs";
import { open, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { encodeS16le, Resampler, WAV_HEADER_BYTES, wavHeader } from "#engine/audio";
import { EngineError } from "#engine/errors";
import { RECORDING_INDEX, type RecordedTrack } from "../live/recorder.ts";

/** In the folder of a run that was recorded, once somebody has asked for it. */
const RECORDING_FILE = "recording.wav";
const BLOCK_SAMPLES = 65_536;

/** By path: what is being put together now. */
const making = new Map<string, Promise<void>>();

/**
 * The recording of a run that is over, as one WAV: a channel for each track, inputs first, at the highest of their rates. Put together when it
 * is asked for first.
 * @returns its path.
 * @throws EngineError ARTIFACT_NOT_FOUND where nothing was recorded; AUDIO_TOO_LONG; FILE_UNWRITABLE.
 */
export async function recordingOf(folder: string): Promise<string> {
  const path = join(folder, RECORDING_FILE);
  if (existsSync(path)) return path;
  const index = await readFile(join(folder, RECORDING_INDEX), "utf8").catch(() => {
    throw new EngineError("ARTIFACT_NOT_FOUND", "nothing was recorded of the run");
  });
  const going = making.get(path) ?? make(folder, path, JSON.parse(index)).finally(() => making.delete(path));
  making.set(path, going);
  await going;
  return path;
}

/** Takes away a recording, put together or not; nothing where there is none. */
export async function removeRecording(folder: string): Promise<void> {
  const index = await readFile(join(folder, RECORDING_INDEX), "utf8").catch(() => undefined);
  if (index === undefined) return;
  const tracks: readonly RecordedTrack[] = JSON.parse(index);
  for (const name of [...tracks.map(({ file }) => file), RECORDING_FILE, RECORDING_INDEX])
    await rm(join(folder, name), { force: true });
}

async function make(folder: string, path: string, tracks: readonly RecordedTrack[]): Promise<void> {
  const ordered = [...tracks].sort((a, b) => (a.direction === b.direction ? 0 : a.direction === "in" ? -1 : 1));
  const sampleRateHz = Math.max(...ordered.map((track) => track.sampleRateHz));
  const readers = await Promise.all(
    ordered.map((track) => TrackReader.open(join(folder, track.file), track, sampleRateHz)),
  );
  const partial = `${path}.part`;
  const file = await open(partial, "w").catch(unwritable);
  try {
    let samples = 0;
    for (;;) {
      const blocks = await Promise.all(readers.map((reader) => reader.next(BLOCK_SAMPLES)));
      const length = Math.max(...blocks.map((block) => block.length));
      if (length === 0) break;
      const bytes = encodeS16le(interleaved(blocks, length));
      await file.write(bytes, 0, bytes.length, WAV_HEADER_BYTES + samples * readers.length * 2).catch(unwritable);
      samples += length;
    }
    const header = wavHeader({ sampleRateHz, channels: readers.length }, samples * readers.length * 2);
    await file.write(header, 0, header.length, 0).catch(unwritable);
  } finally {
    await file.close();
    await Promise.all(readers.map((reader) => reader.close()));
  }
  await rename(partial, path).catch(unwritable);
}

/** Tracks that have ended are silent. */
function interleaved(blocks: readonly Int16Array[], length: number): Int16Array {
  const all = new Int16Array(length * blocks.length);
  for (const [channel, block] of blocks.entries())
    for (let i = 0, at = channel; i < block.length; i++, at += blocks.length) all[at] = block[i]!;
  return all;
}

/** Samples of one track at another rate, block by block. */
class TrackReader {
  readonly #resampler: Resampler;
  /** Read and resampled, but not asked for yet. */
  #ready = new Int16Array(0);
  #at = 0;
  #ended = false;

  private constructor(
    private readonly file: Awaited<ReturnType<typeof open>>,
    track: RecordedTrack,
    toHz: number,
  ) {
    this.#resampler = new Resampler({ fromHz: track.sampleRateHz, toHz });
  }

  static async open(path: string, track: RecordedTrack, toHz: number): Promise<TrackReader> {
    return new TrackReader(await open(path, "r"), track, toHz);
  }

  /** As many as asked for; fewer only at the end. */
  async next(samples: number): Promise<Int16Array> {
    while (this.#ready.length < samples && !this.#ended) {
      const bytes = new Uint8Array(BLOCK_SAMPLES * 2);
      const { bytesRead } = await this.file.read(bytes, 0, bytes.length, this.#at);
      this.#at += bytesRead;
      this.#ended = bytesRead < 2;
      const pcm = new Int16Array(bytes.buffer, 0, bytesRead >> 1);
      this.#take(this.#ended ? this.#resampler.flush() : this.#resampler.push(pcm));
    }
    const block = this.#ready.slice(0, samples);
    this.#ready = this.#ready.slice(samples);
    return block;
  }

  close(): Promise<void> {
    return this.file.close();
  }

  #take(pcm: Int16Array): void {
    const all = new Int16Array(this.#ready.length + pcm.length);
    all.set(this.#ready);
    all.set(pcm, this.#ready.length);
    this.#ready = all;
  }
}

function unwritable(cause: NodeJS.ErrnoException): never {
  const reason = cause.code === "ENOSPC" ? "the disk is full" : (cause.code ?? "unknown");
  throw new EngineError("FILE_UNWRITABLE", `the recording cannot be written: ${reason}`, { cause });
}
