import { closeSync, mkdirSync, openSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { averageChannels } from "#engine/audio";
import type { AudioFrame } from "#engine/frames";
import { msToSamples } from "#engine/frames";

/** One track of a recording: a file of signed 16-bit samples, mono, at the track's own rate, from the beginning of the run. */
export interface RecordedTrack {
  readonly file: string;
  readonly direction: "in" | "out";
  readonly name: string;
  readonly sampleRateHz: number;
}

/** In the folder of a run: what the files of its recording are. */
export const RECORDING_INDEX = "recording.json";

const BUFFER_SAMPLES = 4096;

/**
 * Writes what goes in and out of a run to files, each at its place on the timeline of the inputs: what comes out stands where the inputs were
 * when it came. A run that is taken up again goes on in the same files.
 */
export class Recorder {
  readonly #tracks = new Map<string, Track>();
  #over = false;

  /**
   * @param folder of the run; made where it is not there.
   * @param failed called once where it cannot be written: the recording ends, and not the run.
   */
  constructor(
    private readonly folder: string,
    private readonly failed: (error: unknown) => void,
  ) {}

  /** @param startSample of the first sample, on the track. */
  input(name: string, pcm: Int16Array, format: { sampleRateHz: number; channels: number }, startSample: number): void {
    this.#attempt(() =>
      this.#track("in", name, format.sampleRateHz).write(averageChannels(pcm, format.channels), startSample),
    );
  }

  /** @param atMs how far the inputs were. */
  output(name: string, { pcm, sampleRateHz, channels }: AudioFrame, atMs: number): void {
    this.#attempt(() => {
      const track = this.#track("out", name, sampleRateHz);
      track.write(averageChannels(pcm, channels), Math.max(track.end, msToSamples(atMs, sampleRateHz)));
    });
  }

  /** Hands what is buffered to the system, which keeps it if the process dies. */
  flush(): void {
    this.#attempt(() => {
      for (const track of this.#tracks.values()) track.flush();
    });
  }

  /** Nothing more is written. */
  close(): void {
    this.flush();
    this.#over = true;
    for (const track of this.#tracks.values()) track.close();
    this.#tracks.clear();
  }

  #attempt(write: () => void): void {
    if (this.#over) return;
    try {
      write();
    } catch (error) {
      this.#over = true;
      this.failed(error);
    }
  }

  #track(direction: "in" | "out", name: string, sampleRateHz: number): Track {
    const key = `${direction} ${name}`;
    let track = this.#tracks.get(key);
    if (!track) {
      mkdirSync(this.folder, { recursive: true });
      const file = `recording-${direction}-${name}.pcm`;
      track = new Track(join(this.folder, file), { file, direction, name, sampleRateHz });
      this.#tracks.set(key, track);
      const index = [...this.#tracks.values()].map((each) => each.about);
      writeFileSync(join(this.folder, RECORDING_INDEX), JSON.stringify(index));
    }
    return track;
  }
}

class Track {
  readonly #descriptor: number;
  readonly #buffer = new Int16Array(BUFFER_SAMPLES);
  #buffered = 0;
  /** Where the buffer stands. */
  #start = 0;

  constructor(
    path: string,
    readonly about: RecordedTrack,
  ) {
    // neither appended to nor emptied: every write says where
    this.#descriptor = openSync(path, "a+");
    closeSync(this.#descriptor);
    this.#descriptor = openSync(path, "r+");
  }

  get end(): number {
    return this.#start + this.#buffered;
  }

  write(pcm: Int16Array, at: number): void {
    if (at !== this.end) {
      this.flush();
      this.#start = at;
    }
    for (let done = 0; done < pcm.length; ) {
      const part = pcm.subarray(done, done + BUFFER_SAMPLES - this.#buffered);
      this.#buffer.set(part, this.#buffered);
      this.#buffered += part.length;
      done += part.length;
      if (this.#buffered === BUFFER_SAMPLES) this.flush();
    }
  }

  flush(): void {
    const bytes = new Uint8Array(this.#buffer.buffer, 0, this.#buffered * 2);
    for (let done = 0; done < bytes.length; )
      done += writeSync(this.#descriptor, bytes, done, bytes.length - done, this.#start * 2 + done);
    this.#start += this.#buffered;
    this.#buffered = 0;
  }

  /** What is buffered is dropped. */
  close(): void {
    closeSync(this.#descriptor);
  }
}
