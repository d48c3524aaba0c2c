import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { EngineError } from "#engine/errors";
import { OwnProcess } from "#native/own-process";

export const WHISPER_PACKAGE = "@fugood/whisper.node";

/** One stretch of speech, in hundredths of a second from the beginning. */
export interface WhisperPart {
  readonly text: string;
  readonly from: number;
  readonly to: number;
}

export type WhisperAsk =
  | { readonly do: "open"; readonly model: string }
  | { readonly do: "hear"; readonly pcm: Int16Array; readonly language: string; readonly threads: number };

export interface WhisperHeard {
  readonly language?: string;
  readonly parts: readonly WhisperPart[];
}

/** Whether the package is installed; it is not loaded. */
export function findWhisper(): boolean {
  try {
    import.meta.resolve(WHISPER_PACKAGE);
    return true;
  } catch {
    return false;
  }
}

/** "ggml" as the first four bytes of a file have it, read as a number of little endian; and its successor. */
const MAGIC: readonly string[] = ["lmgg", "GGUF"];
/** The smallest model that there is, tiny with 4 bits, has 24 MB; what is smaller breaks off. */
const LEAST_BYTES = 1_000_000;

/**
 * Looks at the head of a model file.
 * @throws EngineError FILE_NOT_FOUND, FILE_UNREADABLE, MODEL_UNFIT; each names the file.
 */
export function requireWhisperModel(path: string): void {
  const head = Buffer.alloc(4);
  let size: number;
  try {
    const file = openSync(path, "r");
    try {
      const facts = fstatSync(file);
      if (!facts.isFile())
        throw new EngineError("FILE_UNREADABLE", `${path}: a folder; wanted a ggml model of whisper`);
      size = facts.size;
      readSync(file, head, 0, 4, 0);
    } finally {
      closeSync(file);
    }
  } catch (cause) {
    if (cause instanceof EngineError) throw cause;
    const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
    if (code === "ENOENT" || code === "ENOTDIR")
      throw new EngineError("FILE_NOT_FOUND", `${path}: no such file; wanted a ggml model of whisper`, { cause });
    throw new EngineError("FILE_UNREADABLE", `${path}: cannot be read; wanted a ggml model of whisper`, { cause });
  }
  if (!MAGIC.includes(head.toString("latin1")))
    throw new EngineError("MODEL_UNFIT", `${path}: no ggml model; it begins with ${head.toString("hex")}`);
  if (size < LEAST_BYTES)
    throw new EngineError("MODEL_UNFIT", `${path}: ${size} bytes; a model of whisper has millions: it breaks off`);
}

/** A whisper model in a process of its own. `close()` it. */
export class WhisperEngine {
  private constructor(private readonly process: OwnProcess) {}

  /** @throws EngineError ENGINE_MISSING, FILE_NOT_FOUND, FILE_UNREADABLE, MODEL_UNFIT */
  static async open(model: string, signal?: AbortSignal): Promise<WhisperEngine> {
    requireWhisperModel(model);
    if (!findWhisper())
      throw new EngineError(
        "ENGINE_MISSING",
        `the package ${WHISPER_PACKAGE} is not installed: bun add ${WHISPER_PACKAGE} (266 MB with its builds for graphics cards)`,
      );
    const process = new OwnProcess({ name: "whisper", module: new URL("./serve.ts", import.meta.url) });
    try {
      await process.ask({ do: "open", model } satisfies WhisperAsk, signal);
      return new WhisperEngine(process);
    } catch (error) {
      await process.close();
      if (!(error instanceof EngineError) || error.code !== "ENGINE_FAILED") throw error;
      throw new EngineError("MODEL_UNFIT", `${model}: whisper does not take it: ${error.message}`, { cause: error });
    }
  }

  /** @param pcm 16 kHz, mono, a whole recording. @param language as whisper names it; `auto` finds out. */
  async hear(pcm: Int16Array, language: string, threads: number, signal?: AbortSignal): Promise<WhisperHeard> {
    return (await this.process.ask(
      { do: "hear", pcm, language, threads } satisfies WhisperAsk,
      signal,
    )) as WhisperHeard;
  }

  close(): Promise<void> {
    return this.process.close();
  }
}
