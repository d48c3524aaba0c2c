import type { Copied } from "./checkpoint-thread.ts";

/** So many commits come between two copies. */
const COMMITS = 512;
/** With so many pages in the log, of 4 KiB each, it is to begin anew, for which no transaction may come between. */
const MOST_PAGES = 4096;

/**
 * Copies the write-ahead log of a SQLite file into the file, from a thread of its own: a commit that does so by itself waits for the disk,
 * and all audio of the process with it.
 */
export class Checkpoints {
  #thread: Worker | undefined;
  #commits = 0;
  #copying: Promise<void> | undefined;
  #copied: ((copied: Copied) => void) | undefined;

  /**
   * @param alone does something with no transaction beside it.
   * @param lost called where there is no such thread: commits have to copy by themselves.
   */
  constructor(
    private readonly file: string,
    private readonly alone: (work: () => Promise<unknown>) => Promise<unknown>,
    private readonly lost: () => void,
  ) {}

  /** There was a commit. */
  committed(): void {
    if (++this.#commits >= COMMITS && !this.#copying) void this.copy();
  }

  /** Copies what the log holds now. The first time starts the thread, which takes its handles for good. Never rejects. */
  copy(): Promise<void> {
    this.#commits = 0;
    this.#copying ??= this.#round().finally(() => {
      this.#copying = undefined;
    });
    return this.#copying;
  }

  /** Resolves when nothing is copied any more; the file is nobody's here then. */
  async close(): Promise<void> {
    await this.#copying;
    this.#thread?.terminate();
    this.#thread = undefined;
  }

  async #round(): Promise<void> {
    const { pages = 0 } = await this.#ask();
    if (pages > MOST_PAGES) await this.alone(() => this.#ask());
  }

  #ask(): Promise<Copied> {
    this.#thread ??= this.#start();
    const { promise, resolve } = Promise.withResolvers<Copied>();
    this.#copied = resolve;
    this.#thread.postMessage(this.file);
    return promise;
  }

  #start(): Worker {
    const thread = new Worker(new URL("./checkpoint-thread.ts", import.meta.url).href);
    thread.unref();
    thread.onmessage = ({ data }: MessageEvent<Copied>) => this.#copied?.(data);
    thread.onerror = () => {
      this.lost();
      this.#commits = Number.NEGATIVE_INFINITY;
      this.#copied?.({});
    };
    return thread;
  }
}
