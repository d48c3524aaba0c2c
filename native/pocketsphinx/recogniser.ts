import { EngineError } from "#engine/errors";
import type { DecodedWord } from "./decoder.ts";
import { type DecoderFiles, requireDecoderFiles } from "./files.ts";
import type { Answer, RecogniserOptions, Request } from "./protocol.ts";

/** Less its id, which `Recogniser` gives. */
type Asked = Request extends infer R ? (R extends Request ? Omit<R, "id"> : never) : never;

interface Waiting {
  resolve(answer: Answer): void;
  reject(error: EngineError): void;
}

export interface RecogniserSurroundings {
  /** Default: looked for on this machine. */
  readonly files?: DecoderFiles;
  /** Starts the Worker; a test puts another one in its place. */
  readonly start?: () => Worker;
}

/**
 * A decoder for one audio stream in a Worker of its own, so that decoding never blocks the caller. `close()` it: the native memory outlives a
 * Worker that is merely terminated. Calls are answered in order. A Worker that dies fails what is asked and whatever is asked later
 * with ENGINE_FAILED.
 */
export class Recogniser {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  #lastId = 0;
  #dead: EngineError | undefined;
  #closing: Promise<void> | undefined;

  /**
   * Resolves when the decoder is ready, after about 0.3 s.
   * @throws EngineError ENGINE_MISSING that names what is not installed, ENGINE_FAILED.
   */
  static async open(options: RecogniserOptions, around: RecogniserSurroundings = {}): Promise<Recogniser> {
    const files = around.files ?? requireDecoderFiles();
    const recogniser = new Recogniser((around.start ?? startWorker)());
    try {
      await recogniser.#ask({ kind: "open", files, options }, "opened");
      return recogniser;
    } catch (error) {
      await recogniser.close();
      throw error;
    }
  }

  private constructor(worker: Worker) {
    this.#worker = worker;
    worker.onmessage = ({ data }: MessageEvent<Answer>) => this.#answered(data);
    worker.onerror = (event) => {
      event.preventDefault();
      this.#died(`its thread failed: ${event.message.split("\n").at(-1)?.trim() || "no reason given"}`);
    };
    worker.addEventListener("close", () => this.#died("its thread ended"));
  }

  /**
   * Decodes the next piece of the utterance, or the first of the next one, and resolves with the text so far.
   * @param pcm 16 kHz mono over a buffer of its own, which is given away: the caller's view is empty afterwards.
   */
  async feed(pcm: Int16Array<ArrayBuffer>): Promise<string> {
    return (await this.#ask({ kind: "feed", pcm }, "text", [pcm.buffer])).text;
  }

  /**
   * Ends the utterance after a last piece, which may be empty, and resolves with its words; with none where nothing was understood or fed.
   * @param pcm given away as in `feed`.
   */
  async end(pcm: Int16Array<ArrayBuffer> = new Int16Array(0)): Promise<readonly DecodedWord[]> {
    return (await this.#ask({ kind: "end", pcm }, "words", [pcm.buffer])).words;
  }

  /**
   * Frees the native memory, after what is asked has been answered, and ends the Worker. A second call awaits the first. Rejects with
   * ENGINE_FAILED when a decoder was left open.
   */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #close(): Promise<void> {
    try {
      const { openDecoders } = await this.#ask({ kind: "close" }, "closed");
      if (openDecoders > 0)
        throw new EngineError("ENGINE_FAILED", `pocketsphinx: ${openDecoders} decoders left open by a closing thread`);
    } catch (error) {
      if (!this.#dead) throw error; // a dead thread has nothing left to free
    } finally {
      this.#dead ??= new EngineError("ENGINE_FAILED", "pocketsphinx: asked after it was closed");
      this.#worker.terminate();
    }
  }

  async #ask<Kind extends Answer["kind"]>(
    asked: Asked,
    wanted: Kind,
    transfer: ArrayBuffer[] = [],
  ): Promise<Extract<Answer, { kind: Kind }>> {
    if (this.#dead) throw this.#dead;
    const id = ++this.#lastId;
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    this.#waiting.set(id, { resolve, reject });
    this.#worker.ref(); // only what is asked keeps the process alive
    this.#worker.postMessage({ ...asked, id }, transfer);
    const answer = await promise;
    if (answer.kind === "failed") throw new EngineError(answer.code, answer.message);
    if (!isKind(answer, wanted))
      throw new EngineError("ENGINE_FAILED", `pocketsphinx: answered ${answer.kind}, wanted ${wanted}`);
    return answer;
  }

  #answered(answer: Answer): void {
    const waiting = this.#waiting.get(answer.id);
    this.#waiting.delete(answer.id);
    if (this.#waiting.size === 0) this.#worker.unref();
    waiting?.resolve(answer);
  }

  #died(how: string): void {
    this.#dead ??= new EngineError("ENGINE_FAILED", `pocketsphinx: ${how}`);
    for (const { reject } of this.#waiting.values()) reject(this.#dead);
    this.#waiting.clear();
  }
}

const startWorker = (): Worker => new Worker(new URL("./worker.ts", import.meta.url).href, { ref: false });

const isKind = <Kind extends Answer["kind"]>(answer: Answer, kind: Kind): answer is Extract<Answer, { kind: Kind }> =>
  answer.kind === kind;
