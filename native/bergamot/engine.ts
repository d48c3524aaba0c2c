import { readdirSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { EngineError } from "#engine/errors";
import { OwnProcess } from "#native/own-process";

/** MPL-2.0; an optional package. */
export const BERGAMOT_PACKAGE = "@browsermt/bergamot-translator";

/** The files of one direction. */
export interface BergamotModel {
  readonly model: string;
  readonly shortlist: string;
  /** One for both languages, or the source's and the target's. */
  readonly vocabularies: readonly string[];
}

export type BergamotAsk =
  | { readonly do: "open"; readonly scripts: string; readonly model: BergamotModel }
  | { readonly do: "translate"; readonly text: string };

/** The folder of the package's scripts; undefined where it is not installed. Nothing is loaded. */
export function findBergamot(): string | undefined {
  try {
    return join(dirname(fileURLToPath(import.meta.resolve(BERGAMOT_PACKAGE))), "worker");
  } catch {
    return undefined;
  }
}

/**
 * Looks at the folder of a model.
 * @throws EngineError FILE_NOT_FOUND, FILE_UNREADABLE, MODEL_UNFIT; each names what is missing.
 */
export function bergamotModel(folder: string): BergamotModel {
  const names = namesIn(folder);
  const need = (pattern: RegExp, called: string): string => {
    const name = names.find((each) => pattern.test(each));
    if (name === undefined)
      throw new EngineError(
        "MODEL_UNFIT",
        `${folder}: no ${called}; there is ${names.slice(0, 12).join(", ") || "nothing"}`,
      );
    const path = join(folder, name);
    if (statSync(path).size < LEAST_BYTES) throw new EngineError("MODEL_UNFIT", `${path}: it is next to empty`);
    return path;
  };
  const model = need(/^model\..*\.bin$/, "model.*.bin");
  const shortlist = need(/^lex\..*\.bin$/, "lex.*.bin");
  const one = names.find((name) => /^vocab\..*\.spm$/.test(name));
  const vocabularies = one
    ? [need(/^vocab\..*\.spm$/, "vocab.*.spm")]
    : [need(/^srcvocab\..*\.spm$/, "vocab.*.spm, nor srcvocab.*.spm"), need(/^trgvocab\..*\.spm$/, "trgvocab.*.spm")];
  return { model, shortlist, vocabularies };
}

const LEAST_BYTES = 100;

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).sort();
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
    if (code === "ENOENT")
      throw new EngineError("FILE_NOT_FOUND", `${folder}: no such folder; wanted that of a model`, { cause });
    throw new EngineError("FILE_UNREADABLE", `${folder}: cannot be read; wanted the folder of a model`, { cause });
  }
}

/** One direction of translation, in a process of its own: WebAssembly that aborts is of no more use. `close()` it. */
export class BergamotEngine {
  private constructor(private readonly process: OwnProcess) {}

  /** @throws EngineError ENGINE_MISSING, or MODEL_UNFIT where the library does not take it. */
  static async open(folder: string, signal?: AbortSignal): Promise<BergamotEngine> {
    const model = bergamotModel(folder);
    const scripts = findBergamot();
    if (scripts === undefined)
      throw new EngineError(
        "ENGINE_MISSING",
        `the package ${BERGAMOT_PACKAGE} is not installed: bun add ${BERGAMOT_PACKAGE} (5 MB)`,
      );
    const process = new OwnProcess({ name: "bergamot", module: new URL("./serve.ts", import.meta.url) });
    try {
      await process.ask({ do: "open", scripts, model } satisfies BergamotAsk, signal);
      return new BergamotEngine(process);
    } catch (error) {
      await process.close();
      if (!(error instanceof EngineError) || error.code !== "ENGINE_FAILED") throw error;
      throw new EngineError("MODEL_UNFIT", `${folder}: bergamot does not take it: ${error.message}`, { cause: error });
    }
  }

  async translate(text: string, signal?: AbortSignal): Promise<string> {
    return (await this.process.ask({ do: "translate", text } satisfies BergamotAsk, signal)) as string;
  }

  close(): Promise<void> {
    return this.process.close();
  }
}
