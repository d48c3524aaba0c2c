import { CString, type Pointer, ptr } from "bun:ffi";
import { EngineError } from "#engine/errors";
import type { DecoderFiles } from "./files.ts";
import { cString, type PocketSphinxLibrary, pocketSphinxLibrary } from "./library.ts";
import { type Search, setSearch } from "./search.ts";

export const DECODER_RATE_HZ = 16_000;
/** The step of the decoder's clock: 10 ms. */
export const DECODER_FRAME_SAMPLES = 160;

/** As the FFI hands addresses out and takes them back. */
type Address = Pointer | bigint;

/** A word with its place, in samples from the first sample of its utterance; the end is the sample after it. */
export interface DecodedWord {
  readonly text: string;
  readonly startSample: number;
  readonly endSample: number;
}

export interface DecoderOptions {
  /** A second pass over each utterance at its end: slower finals, no better ones in our measurements. */
  readonly secondPass: boolean;
  /** What to listen for instead of open speech. */
  readonly search?: Search;
}

/**
 * One recogniser of open English speech, 16 kHz mono. It learns the channel from what it hears (the cepstral mean carries over from
 * utterance to utterance), so it belongs to one audio stream. Calls block, for up to 0.2 s for each 0.1 s of audio: use it inside a Worker.
 * Owns about 100 MB of native memory: `close()` it, or hold it with `using`.
 */
export class Decoder {
  /** How many are open in this thread. */
  static openCount = 0;

  readonly #library: PocketSphinxLibrary;
  #handle: Address | null;
  #inUtterance = false;
  /** Two i32 that C writes; over a buffer of its own, so that its address holds. */
  readonly #frames = new Int32Array(new ArrayBuffer(8));

  /** @throws EngineError ENGINE_MISSING when the library does not load, ENGINE_FAILED when the decoder refuses model or options. */
  static open(files: DecoderFiles, options: DecoderOptions): Decoder {
    const library = pocketSphinxLibrary(files);
    const config = parseOptions(library, optionsOf(files, options));
    const handle = library.ps_init(config);
    library.cmd_ln_free_r(config); // the decoder keeps its own reference
    if (!handle)
      throw new EngineError(
        "ENGINE_FAILED",
        `pocketsphinx accepts no model of ${Object.values(files.model).join(", ")}`,
      );
    try {
      if (options.search) setSearch(library, handle, options.search);
    } catch (error) {
      library.ps_free(handle);
      throw error;
    }
    return new Decoder(library, handle, options.search?.keywords !== undefined);
  }

  private constructor(
    library: PocketSphinxLibrary,
    handle: Address,
    readonly spotsKeywords: boolean,
  ) {
    this.#library = library;
    this.#handle = handle;
    Decoder.openCount++;
  }

  get inUtterance(): boolean {
    return this.#inUtterance;
  }

  /** Opens an utterance; its positions count from here. */
  begin(): void {
    const handle = this.#open();
    if (this.#inUtterance) throw new Error("Decoder.begin() inside an utterance");
    // Starting a stream sets the frame count to zero and leaves the cepstral mean alone.
    this.#check(this.#library.ps_start_stream(handle), "ps_start_stream");
    this.#check(this.#library.ps_start_utt(handle), "ps_start_utt");
    this.#inUtterance = true;
  }

  /**
   * Decodes the next piece of the open utterance.
   * @param pcm 16 kHz mono; not kept after the call.
   */
  feed(pcm: Int16Array): void {
    this.#process(pcm, 0);
  }

  /** What the open utterance reads as so far, or the one that was ended last. Empty when nothing was understood. */
  text(): string {
    // in this mode the library's own text holds every hit again, the newest first
    if (this.spotsKeywords) return textOf(this.words());
    const text = this.#library.ps_get_hyp(this.#open(), null);
    return text ? new CString(text).toString() : "";
  }

  /** Ends the open utterance. `text` and `words` then tell its final reading. */
  end(): void {
    const handle = this.#open();
    if (!this.#inUtterance) throw new Error("Decoder.end() outside an utterance");
    this.#inUtterance = false;
    this.#check(this.#library.ps_end_utt(handle), "ps_end_utt");
  }

  /**
   * Decodes one whole utterance in one call, which normalises it by its own mean. Exact only in a decoder that is never fed in pieces,
   * because the first piece switches it to the running mean for good.
   * @param pcm 16 kHz mono; not kept after the call.
   */
  decodeWhole(pcm: Int16Array): DecodedWord[] {
    this.begin();
    this.#process(pcm, 1);
    this.end();
    return this.words();
  }

  /** The words of the utterance that was ended last, without silences and noises. */
  words(): DecodedWord[] {
    const library = this.#library;
    const words: DecodedWord[] = [];
    const start = ptr(this.#frames);
    const end = ptr(this.#frames, 4);
    // An iterator that reaches the end frees itself.
    for (let segment = library.ps_seg_iter(this.#open()); segment; segment = library.ps_seg_next(segment)) {
      const name = library.ps_seg_word(segment);
      library.ps_seg_frames(segment, start, end);
      const text = name ? wordText(new CString(name).toString()) : "";
      if (text)
        words.push({
          text,
          startSample: this.#frames[0]! * DECODER_FRAME_SAMPLES,
          endSample: (this.#frames[1]! + 1) * DECODER_FRAME_SAMPLES,
        });
    }
    return this.spotsKeywords ? inOrder(words) : words;
  }

  /** A second call does nothing. */
  close(): void {
    if (!this.#handle) return;
    this.#library.ps_free(this.#handle);
    this.#handle = null;
    Decoder.openCount--;
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #process(pcm: Int16Array, whole: 0 | 1): void {
    const handle = this.#open();
    if (!this.#inUtterance) throw new Error("Decoder fed outside an utterance");
    if (pcm.length === 0) return; // an empty view has no address
    this.#check(this.#library.ps_process_raw(handle, pcm, pcm.length, 0, whole), "ps_process_raw");
  }

  #open(): Address {
    if (!this.#handle) throw new Error("Decoder used after close()"); // C would crash
    return this.#handle;
  }

  #check(status: number, call: string): void {
    if (status < 0) throw new EngineError("ENGINE_FAILED", `pocketsphinx: ${call} returned ${status}`);
  }
}

function optionsOf({ model }: DecoderFiles, options: DecoderOptions): string[] {
  return [
    ...["-hmm", model.acoustic, "-dict", model.dictionary],
    // half the memory, and half the time to open
    ...(options.search?.grammar !== undefined || options.search?.keywords ? [] : ["-lm", model.language]),
    ...["-fwdflat", options.secondPass ? "yes" : "no"],
    // A search of the word lattice for each final takes 4 to 90 ms and gains nothing: 23 errors in 106 words with and without it, and 19 against
    // 15 without it where utterances are decoded whole.
    ...["-bestpath", "no"],
    // The library's own detector would cut silences out of the decoder's clock, and word times after a pause would be early.
    ...["-remove_silence", "no"],
  ];
}

const textOf = (words: readonly DecodedWord[]): string => words.map(({ text }) => text).join(" ");

/** Hits as they were said; one that overlaps another of the same phrase is that one again. */
function inOrder(hits: readonly DecodedWord[]): DecodedWord[] {
  const sorted = hits.toSorted((a, b) => a.startSample - b.startSample);
  return sorted.filter(
    (hit, i) => !sorted.slice(0, i).some((other) => other.text === hit.text && other.endSample > hit.startSample),
  );
}

function parseOptions(library: PocketSphinxLibrary, words: readonly string[]): Address {
  const argv = argumentVector(words);
  const config = library.cmd_ln_parse_r(null, library.ps_args(), words.length, argv, 1);
  if (!config) throw new EngineError("ENGINE_FAILED", "pocketsphinx refuses its options");
  return config;
}

/** C's `argv`: the addresses, and after them in the same buffer the texts, so that whoever holds the one holds the other. */
function argumentVector(words: readonly string[]): Uint8Array<ArrayBuffer> {
  const texts = cString(words.join("\0"));
  const addressBytes = 8 * words.length;
  const bytes = new Uint8Array(new ArrayBuffer(addressBytes + texts.length));
  bytes.set(texts, addressBytes);
  const addresses = new BigUint64Array(bytes.buffer, 0, words.length);
  let at = BigInt(ptr(bytes, addressBytes));
  for (const [i, word] of words.entries()) {
    addresses[i] = at;
    at += BigInt(Buffer.byteLength(word) + 1);
  }
  return bytes;
}

/** A dictionary entry as a word: `read(2)`, a second pronunciation, is `read`; fillers such as `<sil>` and `[NOISE]` are none. */
function wordText(entry: string): string {
  if (/^[<[+]/.test(entry)) return "";
  return entry.trim().replace(/\(\d+\)$/, ""); // a phrase that was spotted ends in a blank
}
