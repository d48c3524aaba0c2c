import type { AudioFormat } from "../../frames/index.ts";
import {
  type AudioDecoder,
  checked,
  type Decoded,
  damaged,
  imported,
  interleaved,
  nothingYet,
  notRecognised,
  quietly,
  SILENT_BYTES_WITH_PICTURES,
} from "./decoding.ts";
import { OggReader } from "./ogg.ts";
import { coderOpened } from "./open-coders.ts";

interface Library {
  readonly ready: Promise<void>;
  decode(bytes: Uint8Array): Promise<Decoded>;
  flush(): Promise<Decoded>;
  free(): void;
}

/** Vorbis in Ogg. */
export async function openVorbisDecoder(): Promise<AudioDecoder> {
  const { OggVorbisDecoder } = await imported(
    "@wasm-audio-decoders/ogg-vorbis",
    () => import("@wasm-audio-decoders/ogg-vorbis"),
  );
  const library: Library = new OggVorbisDecoder();
  await library.ready;
  return new VorbisDecoder(library);
}

class VorbisDecoder implements AudioDecoder {
  readonly #closed = coderOpened();
  format: AudioFormat | undefined;
  readonly declaredSamples = undefined;
  truncated = false;
  /** Checks the pages: the library passes over damaged ones in silence. */
  readonly #pages = new OggReader();
  #library: Library | undefined;
  #bytes = 0;

  constructor(library: Library) {
    this.#library = library;
  }

  async push(bytes: Uint8Array): Promise<Int16Array> {
    const library = this.#open();
    this.#bytes += bytes.length;
    checked("Ogg Vorbis", () => this.#pages.push(bytes));
    const pcm = this.#take(await quietly("Ogg Vorbis", () => library.decode(bytes)).catch(gaveUp));
    if (!this.format && this.#bytes >= SILENT_BYTES_WITH_PICTURES) throw notRecognised("Ogg Vorbis", this.#bytes);
    return pcm;
  }

  async end(): Promise<Int16Array> {
    const library = this.#open();
    if (this.#bytes === 0) return nothingYet();
    const pcm = this.#take(await quietly("Ogg Vorbis", () => library.flush()).catch(gaveUp));
    if (!this.format) throw notRecognised("Ogg Vorbis", this.#bytes);
    this.truncated = !this.#pages.ended;
    return pcm;
  }

  close(): void {
    this.#library?.free();
    this.#library = undefined;
    this.#closed();
  }

  #open(): Library {
    if (!this.#library) throw new Error("VorbisDecoder used after close()");
    return this.#library;
  }

  #take({ channelData, samplesDecoded, sampleRate, errors }: Decoded): Int16Array {
    if (errors.length > 0) throw damaged("Ogg Vorbis", `a packet before byte ${this.#bytes} cannot be decoded`);
    if (samplesDecoded <= 0) return nothingYet();
    this.format ??= { sampleRateHz: sampleRate, channels: channelData.length };
    return interleaved(channelData, samplesDecoded);
  }
}

const gaveUp = (cause: unknown): never => {
  throw damaged("Ogg Vorbis", "its decoder gave up", cause);
};
