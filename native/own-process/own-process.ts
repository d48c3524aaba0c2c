import { EngineError } from "#engine/errors";
import { type Answer, type Ask, ENVIRONMENT } from "./messages.ts";

export interface OwnProcessSpec {
  /** What people call it, in messages. */
  readonly name: string;
  /** The address of the module that calls `serveRequests`. */
  readonly module: URL;
}

interface Waiting {
  resolve(value: unknown): void;
  reject(error: unknown): void;
}

/** What is kept of what it says to people; a library's last words are the reason why it ended. */
const LAST_WORDS = 2000;
const MOST_REASON_CHARS = 200;

/**
 * A module of ours in a process of its own, for libraries that end their whole process over bad input, or that must not be linked into
 * ours. Requests are answered in order. When it ends, what is asked and whatever is asked later fails with ENGINE_FAILED, and this
 * process goes on. `close()` it; it also ends with this one.
 */
export class OwnProcess {
  readonly #name: string;
  readonly #process: Bun.Subprocess<"ignore", "ignore", "pipe">;
  readonly #waiting = new Map<number, Waiting>();
  #lastId = 0;
  #dead: EngineError | undefined;
  #closed = false;
  #words = "";

  constructor({ name, module }: OwnProcessSpec) {
    this.#name = name;
    this.#process = Bun.spawn([process.execPath, module.pathname], {
      stdio: ["ignore", "ignore", "pipe"],
      env: Object.fromEntries(ENVIRONMENT.flatMap((key) => (process.env[key] ? [[key, process.env[key]]] : []))),
      serialization: "advanced",
      ipc: (answer: Answer) => this.#answered(answer),
    });
    this.#process.unref();
    void this.#watch();
  }

  /**
   * One request, one answer.
   * @param signal the wait ends with its reason; the process works on to its answer, which is thrown away.
   * @throws EngineError what the module threw, or ENGINE_FAILED.
   */
  async ask(ask: unknown, signal?: AbortSignal): Promise<unknown> {
    signal?.throwIfAborted();
    if (this.#dead) throw this.#dead;
    const id = ++this.#lastId;
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    this.#waiting.set(id, { resolve, reject });
    const stop = () => reject(signal?.reason);
    signal?.addEventListener("abort", stop, { once: true });
    this.#process.ref(); // only what is asked keeps this process alive
    this.#process.send({ id, ask } satisfies Ask);
    try {
      return await promise;
    } finally {
      signal?.removeEventListener("abort", stop);
    }
  }

  /** Ends it at once; what is asked fails. Resolves when it is gone. A second call awaits the same. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#process.kill("SIGKILL"); // it ignores what a terminal sends to everybody
    await this.#process.exited;
  }

  #answered(answer: Answer): void {
    const waiting = this.#waiting.get(answer.id);
    this.#waiting.delete(answer.id);
    if (this.#waiting.size === 0) this.#process.unref();
    if ("failed" in answer) waiting?.reject(new EngineError(answer.failed.code, answer.failed.message));
    else waiting?.resolve(answer.value);
  }

  async #watch(): Promise<void> {
    const decoder = new TextDecoder();
    const reading = (async () => {
      for await (const bytes of this.#process.stderr)
        this.#words = (this.#words + decoder.decode(bytes, { stream: true })).slice(-LAST_WORDS);
    })();
    const status = await this.#process.exited;
    await reading.catch(() => undefined);
    const reason = this.#words.trim().split("\n").at(-1)?.trim().slice(0, MOST_REASON_CHARS);
    const how = this.#process.signalCode ?? `status ${status}`;
    this.#dead = this.#closed
      ? new EngineError("ENGINE_FAILED", `${this.#name}: asked after it was closed`)
      : new EngineError("ENGINE_FAILED", `${this.#name}: its process ended with ${how}${reason ? `: ${reason}` : ""}`);
    for (const { reject } of this.#waiting.values()) reject(this.#dead);
    this.#waiting.clear();
  }
}
