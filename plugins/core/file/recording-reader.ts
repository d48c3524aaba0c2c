import {
  type AudioFormat,
  asEngineError,
  type Container,
  EngineError,
  type Environment,
  isDecoded,
  joinBytes,
  type NodeContext,
  requireUsableFormat,
  sniffContainer,
} from "#engine/plugin";
import { type ByteSource, fileBytes, isWebUrl, urlBytes } from "./byte-source.ts";
import { codedDecoding, type Decoding, type RawFormat, rawDecoding, wavDecoding } from "./decoding.ts";
import { asWav, isForeign } from "./foreign.ts";

/** A file that ends before its header says, or within a sample. */
export interface Truncation {
  /** Samples per channel; absent where no header said. */
  readonly declaredSamples?: number;
  readonly foundSamples: number;
}

export interface OpenOptions {
  /** For a file that has no header. */
  readonly raw?: RawFormat | undefined;
  /** Fetches web addresses; without it they are refused. */
  readonly ctx?: Pick<NodeContext, "network">;
  /** Where programs are looked for. */
  readonly environment?: Environment;
}

/** What tells the containers apart lies within. */
const SNIFF_BYTES = 64;
const HEAD_BLOCK_BYTES = 16_384;

/** Reads a recording in blocks, with bounded memory however long it is. Owns an open file: `close()` it. */
export class RecordingReader {
  readonly #bytes: ByteSource;
  readonly #decoding: Decoding;
  /** Read to tell what it is. */
  #head: Uint8Array | undefined;
  /** Samples read along with the header. */
  #first: Int16Array | undefined;
  #ended = false;
  #foundSamples = 0;
  #truncation: Truncation | undefined;

  private constructor(
    bytes: ByteSource,
    decoding: Decoding,
    head: Uint8Array | undefined,
    readonly container: Container | undefined,
  ) {
    this.#bytes = bytes;
    this.#decoding = decoding;
    this.#head = head;
  }

  /**
   * Opens a recording and reads up to its first samples. What it is, its bytes say, not its name.
   * @param location a path, or a web address.
   * @throws EngineError FILE_NOT_FOUND, FILE_UNREADABLE, AUDIO_EMPTY, AUDIO_TRUNCATED where nothing is left, AUDIO_NOT_RECOGNISED,
   * AUDIO_DAMAGED, AUDIO_FORMAT_UNSUPPORTED, ENGINE_MISSING where what decodes it is not installed; each names the file. INPUT_UNREACHABLE and
   * what the network throws for an address.
   */
  static async open(location: string, options: OpenOptions = {}): Promise<RecordingReader> {
    const source = await openBytes(location, options);
    let reader: RecordingReader | undefined;
    try {
      reader = await chooseDecoding(source, options, (...parts) => new RecordingReader(...parts));
      await reader.#begin(options.raw);
      return reader;
    } catch (error) {
      await (reader ?? source).close();
      throw named(source.name, error);
    }
  }

  get format(): AudioFormat {
    const { format } = this.#decoding;
    if (!format) throw new Error("RecordingReader used before its header was read");
    return format;
  }

  /** Samples per channel that the file has; undefined where nothing tells before its end. */
  get totalSamples(): number | undefined {
    return this.#decoding.total(this.#bytes.size);
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
      throw named(this.#bytes.name, error);
    }
  }

  async close(): Promise<void> {
    this.#decoding.close();
    await this.#bytes.close();
  }

  async #begin(raw: RawFormat | undefined): Promise<void> {
    if (raw) requireUsableFormat(raw, "format");
    this.#first = await this.#read();
    if (this.#first === undefined) throw this.#nothing();
  }

  /** Reads on until there are samples, or the file ends. */
  async #read(): Promise<Int16Array | undefined> {
    while (!this.#ended) {
      const bytes = this.#head ?? (await this.#bytes.next(this.#decoding.blockBytes));
      this.#head = undefined;
      if (!bytes) this.#ended = true;
      const pcm = await (bytes ? this.#decoding.push(bytes) : this.#decoding.end());
      if (pcm.length === 0) continue;
      this.#foundSamples += pcm.length / this.format.channels;
      return pcm;
    }
    const truncated = this.#decoding.truncated();
    if (truncated) this.#truncation = { ...truncated, foundSamples: this.#foundSamples };
    return undefined;
  }

  /** Why there is not one sample. */
  #nothing(): EngineError {
    const declared = this.#truncation?.declaredSamples;
    if (declared !== undefined)
      return new EngineError(
        "AUDIO_TRUNCATED",
        `the header promises ${declared} samples, the file ends before the first`,
      );
    return new EngineError("AUDIO_EMPTY", `no samples ${this.#decoding.where}; wanted a recording`);
  }
}

function openBytes(location: string, { ctx }: OpenOptions): Promise<ByteSource> {
  if (!isWebUrl(location)) return fileBytes(location);
  if (ctx) return urlBytes(location, ctx);
  throw new EngineError("INPUT_UNREACHABLE", "a web address can only be read in a run");
}

type Make<T> = (
  bytes: ByteSource,
  decoding: Decoding,
  head: Uint8Array | undefined,
  container: Container | undefined,
) => T;

async function chooseDecoding<T>(source: ByteSource, { raw, environment }: OpenOptions, make: Make<T>): Promise<T> {
  if (raw) return make(source, rawDecoding(raw), undefined, undefined);
  const head = await readHead(source);
  const container = head && sniffContainer(head);
  if (isDecoded(container)) return make(source, await codedDecoding(container), head, container);
  if (head && isForeign(container))
    return make(asWav(container, source, head, environment), wavDecoding(), undefined, container);
  return make(source, wavDecoding(), head, "wav");
}

async function readHead(source: ByteSource): Promise<Uint8Array | undefined> {
  let head: Uint8Array | undefined;
  while ((head?.length ?? 0) < SNIFF_BYTES) {
    const more = await source.next(HEAD_BLOCK_BYTES);
    if (!more) break;
    head = head ? joinBytes(head, more) : more.slice();
  }
  return head;
}

const named = (name: string, error: unknown): EngineError => {
  if (!(error instanceof EngineError)) return asEngineError(error, "FILE_UNREADABLE", name);
  if (error.message.startsWith(name)) return error;
  return new EngineError(error.code, `${name}: ${error.message}`, { cause: error, details: error.details });
};
