import { EngineError } from "#engine/errors";
import { OwnProcess } from "#native/own-process";

/** GPL-3.0: an optional package, loaded only in a process of its own. */
export const ESPEAK_WASM_PACKAGE = "@echogarden/espeak-ng-emscripten";

export interface WasmVoice {
  readonly language: string;
  readonly name: string;
  /** Further languages that it stands in for. */
  readonly others: readonly string[];
}

export interface WasmManner {
  /** A language, or the name of a voice. */
  readonly voice: string;
  /** Words a minute, 80 to 450. */
  readonly rate: number;
  /** 0 to 99. */
  readonly pitch: number;
  /** 0 to 200, 100 is the usual. */
  readonly volume: number;
}

export type WasmAsk =
  | { readonly do: "voices" }
  | { readonly do: "speak"; readonly text: string; readonly manner: WasmManner };

/** Whether the package is installed; it is not loaded. */
export function findEspeakWasm(): boolean {
  try {
    import.meta.resolve(ESPEAK_WASM_PACKAGE);
    return true;
  } catch {
    return false;
  }
}

/** espeak-ng as WebAssembly, in a process of its own that is started at the first call. `close()` it. */
export class EspeakWasm {
  #process: OwnProcess | undefined;

  /** @throws EngineError ENGINE_MISSING */
  constructor() {
    if (!findEspeakWasm())
      throw new EngineError(
        "ENGINE_MISSING",
        `the package ${ESPEAK_WASM_PACKAGE} is not installed: bun add ${ESPEAK_WASM_PACKAGE} (24 MB, GPL-3.0)`,
      );
  }

  /** @throws EngineError ENGINE_FAILED */
  async voices(): Promise<readonly WasmVoice[]> {
    return (await this.#asked().ask({ do: "voices" } satisfies WasmAsk)) as readonly WasmVoice[];
  }

  /**
   * The samples of one sentence, mono at 22,050 Hz.
   * @param timeoutMs after that its process is ended, and the next call starts another.
   * @throws EngineError ENGINE_FAILED
   */
  async speak(text: string, manner: WasmManner, timeoutMs: number, signal: AbortSignal): Promise<Int16Array> {
    const late = AbortSignal.timeout(timeoutMs);
    const process = this.#asked();
    try {
      const ask = { do: "speak", text, manner } satisfies WasmAsk;
      return (await process.ask(ask, AbortSignal.any([signal, late]))) as Int16Array;
    } catch (error) {
      if (signal.aborted) throw error;
      // what hangs or ended says nothing more
      if (this.#process === process) this.#process = undefined;
      await process.close();
      if (!late.aborted) throw error;
      throw new EngineError("ENGINE_FAILED", `espeak-ng (WebAssembly): no audio after ${timeoutMs} ms`, {
        cause: error,
      });
    }
  }

  async close(): Promise<void> {
    await this.#process?.close();
    this.#process = undefined;
  }

  #asked(): OwnProcess {
    this.#process ??= new OwnProcess({
      name: "espeak-ng (WebAssembly)",
      module: new URL("./serve.ts", import.meta.url),
    });
    return this.#process;
  }
}
