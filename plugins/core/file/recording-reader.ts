import { type FileHandle, open } from "node:fs/promises";
import {
  type AudioFormat,
  asEngineError,
  BYTES_PER_SAMPLE,
  EngineError,
  requireUsableFormat,
  SampleDecoder,
  type SampleEncoding,
  WavReader,
} from "#engine/plugin";

/** What a file without a header holds. */
export interface RawFormat extends AudioFormat {
  readonly encoding: SampleEncoding;
}

/** A file that ends before its header says, or within a sample. */
export interface Truncation {
  /** Samples per channel; absent where no header said. */
  readonly declaredSamples?: number;
  readonly foundSamples: number;
}

/** Four seconds of 16 kHz mono: few enough that a chain of inline nodes is through with them in some milliseconds. */
const BLOCK_BYTES = 131_072;

/** Reads a recording in blocks, with bounded memory however long it is. Owns an open file: `close()` it. */
export class RecordingReader {
  readonly #path: string;
  readonly #file: FileHandle;
  readonly #block = new Uint8Array(BLOCK_BYTES);
  readonly #wav: WavReader | undefined;
  readonly #raw: SampleDecoder | undefined;
  /** Samples read along with the header. */
  #first: Int16Array | undefined;
  #format: RawFormat | undefined;
  #totalSamples: number | undefined;
  #foundSamples = 0;
  #truncation: Truncation | undefined;

  private constructor(path: string, file: FileHandle, raw: RawFormat | undefined) {
    this.#path = path;
    this.#file = file;
    this.#format = raw;
    this.#raw = raw && new SampleDecoder(raw.encoding, raw.channels);
    this.#wav = raw ? undefined : new WavReader();
  }

  /**
   * Opens a file and reads up to its first samples.
   * @param raw for a file that has no header; without it the file is a WAV.
   * @throws EngineError FILE_NOT_FOUND, FILE_UNREADABLE, AUDIO_EMPTY, AUDIO_TRUNCATED where nothing is left, AUDIO_NOT_RECOGNISED,
   * AUDIO_FORMAT_UNSUPPORTED; each names the file.
   */
  static async open(path: string, raw?: RawFormat): Promise<RecordingReader> {
    const file = await open(path, "r").catch((error: unknown) => {
      throw unreadable(path, error);
    });
    try {
      const reader = new RecordingReader(path, file, raw);
      await reader.#begin();
      return reader;
    } catch (error) {
      await file.close();
      throw error instanceof EngineError ? named(path, error) : unreadable(path, error);
    }
  }

  get format(): AudioFormat {
    const { sampleRateHz, channels } = this.#known();
    return { sampleRateHz, channels };
  }

  /** Samples per channel that the file has; undefined for a pipe. */
  get totalSamples(): number | undefined {
    return this.#totalSamples;
  }

  /** Known after the last block. */
  get truncation(): Truncation | undefined {
    return this.#truncation;
  }

  /** The next samples, interleaved and owned by the caller; undefined after the last. */
  async next(): Promise<Int16Array | undefined> {
    try {
      const first = this.#first;
      this.#first = undefined;
      return first ?? (await this.#read());
    } catch (error) {
      throw error instanceof EngineError ? named(this.#path, error) : unreadable(this.#path, error);
    }
  }

  close(): Promise<void> {
    return this.#file.close();
  }

  async #begin(): Promise<void> {
    const stat = await this.#file.stat();
    if (stat.isDirectory()) throw new EngineError("FILE_UNREADABLE", "a folder; wanted a recording");
    if (this.#format) requireUsableFormat(this.#format, "format");
    this.#first = await this.#read();
    if (this.#first === undefined) throw this.#nothing();
    if (!stat.isFile()) return;
    const bytes = stat.size - (this.#wav?.info?.dataOffset ?? 0);
    this.#totalSamples = this.#samples(Math.min(bytes, this.#wav?.info?.dataBytes ?? bytes));
  }

  /** Reads on until there are samples, or the file ends. */
  async #read(): Promise<Int16Array | undefined> {
    for (;;) {
      const { bytesRead } = await this.#file.read(this.#block, 0, BLOCK_BYTES, null);
      if (bytesRead === 0) break;
      const bytes = this.#block.subarray(0, bytesRead);
      const pcm = this.#wav?.push(bytes) ?? this.#raw?.push(bytes);
      this.#format ??= this.#wav?.info;
      if (!pcm || pcm.length === 0) continue;
      this.#foundSamples += pcm.length / this.#known().channels;
      return pcm;
    }
    this.#truncation = this.#findTruncation();
    return undefined;
  }

  #findTruncation(): Truncation | undefined {
    const foundSamples = this.#foundSamples;
    const declared = this.#wav?.end().truncated?.declaredBytes;
    if (declared !== undefined) return { declaredSamples: this.#samples(declared), foundSamples };
    return this.#raw && this.#raw.spareBytes > 0 ? { foundSamples } : undefined;
  }

  /** Why there is not one sample. */
  #nothing(): EngineError {
    const declared = this.#truncation?.declaredSamples;
    if (declared !== undefined)
      return new EngineError(
        "AUDIO_TRUNCATED",
        `the header promises ${declared} samples, the file ends before the first`,
      );
    return new EngineError(
      "AUDIO_EMPTY",
      `no samples ${this.#wav ? "after the WAV header" : "in the file"}; wanted a recording`,
    );
  }

  #samples(bytes: number): number {
    const { encoding, channels } = this.#known();
    return Math.floor(bytes / (BYTES_PER_SAMPLE[encoding] * channels));
  }

  #known(): RawFormat {
    if (!this.#format) throw new Error("RecordingReader used before its header was read");
    return this.#format;
  }
}

const named = (path: string, error: EngineError): EngineError =>
  new EngineError(error.code, `${path}: ${error.message}`, { cause: error, details: error.details });

function unreadable(path: string, error: unknown): EngineError {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  if (code === "ENOENT" || code === "ENOTDIR")
    return new EngineError("FILE_NOT_FOUND", `${path}: no such file; wanted a recording`, { cause: error });
  if (code === "EISDIR")
    return new EngineError("FILE_UNREADABLE", `${path}: a folder; wanted a recording`, { cause: error });
  return asEngineError(error, "FILE_UNREADABLE", path);
}
