import type { Pointer } from "bun:ffi";
import { EngineError } from "#engine/errors";
import { Batch, type SessionStep, stepOf } from "./batch.ts";
import { type SessionLibrary, sessionLibraryHere } from "./binding.ts";

/** How frames are judged: side by side with AVX2 or in portable C, or one by one. */
export type Way = "avx2" | "portable" | "scalar";

const WAYS: readonly (Way | "best")[] = ["best", "avx2", "portable", "scalar"];

/** The longest chunk, in bytes. */
export const MAX_CHUNK_BYTES = 2 ** 20;

export interface SessionSettings {
  /** 8000, 16000 or 32000. */
  readonly sampleRateHz: number;
  /** 10, 20 or 30. */
  readonly frameMs: number;
  /** 0 to 3. */
  readonly aggressiveness: number;
  /** All times 0 to 60000; `engine/plugin/vad/endpointing.ts` says what they do. */
  readonly preRollMs: number;
  readonly minSpeechMs: number;
  readonly endpointMs: number;
  readonly maxSegmentMs: number;
  readonly settleMs: number;
  /** Of the first sample that will come. Default 0. */
  readonly startSample?: number;
}

/**
 * Many streams through the detector, for one thread: each session takes chunks of any length and gives frames, verdicts, levels and
 * utterances. Ready frames of many sessions are judged in one call and side by side (`stage` and `run`), or one chunk at once (`push`).
 * Owns native memory: `close()` it, which ends all its sessions.
 */
export class VadSessions {
  readonly way: Way;
  readonly #library: SessionLibrary;
  readonly #batch = new Batch();
  readonly #settings = new Int32Array(new ArrayBuffer(8 * 4));
  #pool: Pointer | null;
  #staged = 0;
  #stagedFrames = 0;

  private constructor(library: SessionLibrary, pool: Pointer) {
    this.#library = library;
    this.#pool = pool;
    this.way = WAYS[library.vs_pool_way(pool)] as Way;
  }

  /**
   * @param way the best that the processor has where it is left out.
   * @throws EngineError ENGINE_MISSING without a compiler, or where the processor does not know that way; ENGINE_FAILED.
   */
  static create(way?: Way, library: SessionLibrary = sessionLibraryHere()): VadSessions {
    const pool = library.vs_pool_open(WAYS.indexOf(way ?? "best")) as Pointer | null;
    if (!pool) throw new EngineError("ENGINE_MISSING", `this processor cannot judge frames by way of ${way ?? "best"}`);
    return new VadSessions(library, pool);
  }

  /** A new stream. @returns its id, which no other session has, of this pool or another. @throws EngineError CONFIG_INVALID */
  open(settings: SessionSettings): number {
    const { sampleRateHz, aggressiveness, frameMs, preRollMs, minSpeechMs, endpointMs, maxSegmentMs, settleMs } =
      settings;
    const values = [sampleRateHz, aggressiveness, frameMs, preRollMs, minSpeechMs, endpointMs, maxSegmentMs, settleMs];
    if (!values.every(Number.isInteger))
      throw new EngineError(
        "CONFIG_INVALID",
        `a voice activity session takes whole numbers, found ${values.join(", ")}`,
      );
    this.#settings.set(values);
    const id = this.#library.vs_open(this.#opened(), this.#settings, values.length, settings.startSample ?? 0);
    if (id < 0) throw failure(id, `settings ${values.join(", ")}`);
    return id;
  }

  /** Frees a session. @throws EngineError NODE_PROTOCOL when there is none of that id, or a chunk of it is staged. */
  end(id: number): void {
    this.#checked(this.#library.vs_close(this.#opened(), id), id);
  }

  /**
   * Puts a chunk into the next batch; copies it. Chunks of one session keep their order.
   * @param chunk of whole frames or any other number of bytes, at most `MAX_CHUNK_BYTES`.
   * @returns the item's number in the batch.
   * @throws EngineError NODE_PROTOCOL for an id that is no open session of this pool, AUDIO_FORMAT_UNSUPPORTED for a chunk that is too long.
   * The batch is then as it was.
   */
  stage(id: number, chunk: Int16Array | Uint8Array): number {
    const frames = this.#library.vs_stage(this.#opened(), id, some(chunk), chunk.byteLength);
    if (frames < 0) throw failure(frames, `session ${id}, ${chunk.byteLength} bytes`);
    this.#stagedFrames += frames;
    return this.#staged++;
  }

  /** Judges what was staged, in one call. The result holds until the next `run` or `push`. */
  run(): Batch {
    const batch = this.#batch;
    batch.reserve(this.#staged, this.#stagedFrames);
    const { itemFields, steps, levels, eventFields } = batch;
    batch.items = this.#staged;
    batch.eventCount = this.#checked(
      this.#library.vs_run(
        this.#opened(),
        itemFields,
        itemFields.length,
        steps,
        levels,
        steps.length,
        eventFields,
        eventFields.length,
      ),
    );
    this.#staged = 0;
    this.#stagedFrames = 0;
    return batch;
  }

  /** Drops what was staged; to its sessions it never came. */
  discard(): void {
    this.#checked(this.#library.vs_discard(this.#opened()));
    this.#staged = 0;
    this.#stagedFrames = 0;
  }

  /**
   * One chunk, judged at once; not while anything is staged. The result has one item and holds until the next `run` or `push`.
   * @throws EngineError as `stage`.
   */
  push(id: number, chunk: Int16Array | Uint8Array): Batch {
    const batch = this.#batch;
    batch.reserve(1, 1 + Math.floor(chunk.byteLength / SHORTEST_FRAME_BYTES));
    const { steps, levels, eventFields } = batch;
    const found = this.#library.vs_push(
      this.#opened(),
      id,
      some(chunk),
      chunk.byteLength,
      steps,
      levels,
      steps.length,
      eventFields,
      eventFields.length,
    );
    if (found < 0) throw failure(found, `session ${id}, ${chunk.byteLength} bytes`);
    batch.items = 1;
    batch.itemFields[0] = found & 0xffff;
    batch.itemFields[1] = 0;
    batch.eventCount = Math.floor(found / 65536);
    return batch;
  }

  /**
   * Says that samples are missing before what comes next; of a frame that began to come, what came is dropped with them.
   * @returns whether that ended an utterance, whose end is where the audio stopped.
   */
  skip(id: number, samples: number): boolean {
    return this.#checked(this.#library.vs_skip(this.#opened(), id, samples), id) === 1;
  }

  /** Ends the open utterance after the last whole frame. @returns whether there was one. */
  flush(id: number): boolean {
    return this.#checked(this.#library.vs_flush(this.#opened(), id), id) === 1;
  }

  /** Bytes of a frame that is not complete yet; an odd number is half a sample. */
  restBytes(id: number): number {
    return this.#checked(this.#library.vs_rest(this.#opened(), id), id);
  }

  /** A frame shorter than the others, such as a stream's last: taken for what the frame before it was. Replaces the rest. */
  short(id: number, samples: number): { step: SessionStep; voiced: boolean } {
    return stepOf(this.#checked(this.#library.vs_short(this.#opened(), id, samples), id));
  }

  /** Where the open utterance starts, or the last one did. */
  utteranceStart(id: number): number {
    return this.#checked(this.#library.vs_utterance_start(this.#opened(), id), id);
  }

  /** Ends all sessions. A second call does nothing. */
  close(): void {
    if (this.#pool) this.#library.vs_pool_close(this.#pool);
    this.#pool = null;
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #opened(): Pointer {
    if (!this.#pool) throw new Error("VadSessions used after close()"); // C would read freed memory
    return this.#pool;
  }

  #checked(answer: number, id?: number): number {
    if (answer < 0) throw failure(answer, id === undefined ? "the batch" : `session ${id}`);
    return answer;
  }
}

/** 10 ms at 8 kHz. */
const SHORTEST_FRAME_BYTES = 160;

/** The address of an empty array is none; C wants one that it then does not read. */
const nothing = new Uint8Array(new ArrayBuffer(16));
const some = (chunk: Int16Array | Uint8Array): Int16Array | Uint8Array => (chunk.byteLength === 0 ? nothing : chunk);

/** What session.h's numbers mean. */
function failure(answer: number, where: string): EngineError {
  switch (answer) {
    case -1:
      return new EngineError("NODE_PROTOCOL", `${where}: no open voice activity session of this pool`);
    case -2:
      return new EngineError("CONFIG_INVALID", `${where}: out of range`);
    case -3:
      return new EngineError(
        "AUDIO_FORMAT_UNSUPPORTED",
        `${where}: a chunk has at most ${MAX_CHUNK_BYTES} bytes, a batch 256 MiB`,
      );
    case -4:
      return new EngineError("ENGINE_FAILED", `${where}: no memory`);
    case -6:
      return new EngineError("NODE_PROTOCOL", `${where}: a chunk is staged, run the batch first`);
    default:
      return new EngineError("INTERNAL", `${where}: the native session answered ${answer}`);
  }
}
