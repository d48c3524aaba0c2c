import { EngineError } from "#engine/errors";
import { OwnProcess } from "#native/own-process";
import { findSherpa } from "./library.ts";
import type { SherpaAsk, SherpaHeard, SherpaKind, SherpaOpened, SpokenPart } from "./protocol.ts";

/** A model of sherpa-onnx in a process of its own. `close()` it. Every call throws EngineError ENGINE_FAILED where the process has ended. */
export class SherpaEngine {
  private constructor(
    private readonly process: OwnProcess,
    readonly opened: SherpaOpened,
  ) {}

  /**
   * Loads a model that was looked at before (`recogniserModel` and its like).
   * @param where the folder, for messages.
   * @throws EngineError ENGINE_MISSING, or MODEL_UNFIT with the library's own words.
   */
  static async open(kind: SherpaKind, config: object, where: string, signal?: AbortSignal): Promise<SherpaEngine> {
    if (findSherpa() === undefined)
      throw new EngineError(
        "ENGINE_MISSING",
        "the package sherpa-onnx-node is not installed: bun install sherpa-onnx-node",
      );
    const process = new OwnProcess({ name: "sherpa-onnx", module: new URL("./serve.ts", import.meta.url) });
    try {
      const opened = await process.ask({ do: "open", kind, config } satisfies SherpaAsk, signal);
      return new SherpaEngine(process, opened as SherpaOpened);
    } catch (error) {
      await process.close();
      if (!(error instanceof EngineError) || error.code !== "ENGINE_FAILED") throw error;
      throw new EngineError("MODEL_UNFIT", `${where}: the library does not take this model: ${error.message}`, {
        cause: error,
      });
    }
  }

  /** The text so far. @param pcm 16 kHz, mono. */
  hear(pcm: Int16Array, signal?: AbortSignal): Promise<string> {
    return this.#ask<string>({ do: "feed", pcm }, signal);
  }

  /** Ends the utterance with a last piece, which may be empty; of an offline model with the whole of it. */
  heard(pcm: Int16Array, signal?: AbortSignal): Promise<SherpaHeard> {
    return this.#ask<SherpaHeard>({ do: "end", pcm }, signal);
  }

  speak(text: string, speaker: number, speed: number, signal?: AbortSignal): Promise<Int16Array> {
    return this.#ask<Int16Array>({ do: "speak", text, speaker, speed }, signal);
  }

  /** Less noise; what comes back is as much later as the model looks ahead. @param last what is inside comes out, too. */
  denoise(pcm: Int16Array, last: boolean, signal?: AbortSignal): Promise<Int16Array> {
    return this.#ask<Int16Array>({ do: last ? "end" : "feed", pcm }, signal);
  }

  diarise(pcm: Int16Array, signal?: AbortSignal): Promise<readonly SpokenPart[]> {
    return this.#ask<readonly SpokenPart[]>({ do: "diarise", pcm }, signal);
  }

  close(): Promise<void> {
    return this.process.close();
  }

  /** Both sides are of one version, so that an answer has the form that its request asks for. */
  async #ask<T>(ask: SherpaAsk, signal?: AbortSignal): Promise<T> {
    return (await this.process.ask(ask, signal)) as T;
  }
}
