import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { EngineError } from "#engine/errors";
import { type ModelFacts, readModel, requireModel, type WantedModel } from "../model-file.ts";

/** One ONNX file of a folder. */
export interface ModelFile {
  readonly name: string;
  readonly path: string;
  readonly facts: ModelFacts;
}

/** More files are no folder of one model. */
const MOST_FILES = 2000;
const QUANTISED = /\.(?:int8|uint8|q8|quant)\./i;

/** The folder of one model, as its makers pack it. Reads what its ONNX files say of themselves, and nothing of their weights. */
export class ModelFolder {
  readonly #names: readonly string[];

  /**
   * @param quantised where there are both, the smaller files are taken, else the full ones.
   * @throws EngineError FILE_NOT_FOUND, FILE_UNREADABLE
   */
  constructor(
    readonly path: string,
    readonly quantised: boolean,
  ) {
    this.#names = namesIn(path);
  }

  /** Whose name matches, one for each part of the model, read. @throws EngineError as `readModel` */
  onnx(pattern: RegExp = /./): ModelFile[] {
    const all = this.#names.filter((name) => name.endsWith(".onnx") && pattern.test(name));
    const wanted = all.filter((name) => QUANTISED.test(name) === this.quantised);
    const parts = new Map([...all, ...wanted].map((name) => [name.replace(QUANTISED, "."), name]));
    return [...parts.values()].map((name) => {
      const path = join(this.path, name);
      return { name, path, facts: readModel(path) };
    });
  }

  /** A file or folder beside the models; the first name that matches. */
  find(pattern: RegExp): string | undefined {
    const name = this.#names.find((each) => pattern.test(each));
    return name === undefined ? undefined : join(this.path, name);
  }

  /** The same. @throws EngineError FILE_NOT_FOUND names it as `called`. */
  need(pattern: RegExp, called: string): string {
    const found = this.find(pattern);
    if (found !== undefined) return found;
    throw new EngineError("FILE_NOT_FOUND", `${join(this.path, called)}: no such file; the model needs it`);
  }

  /** The list of tokens, looked at. @throws EngineError FILE_NOT_FOUND, MODEL_UNFIT */
  tokens(least = 1): string {
    const path = this.need(/(?:^|[-_.])tokens\.txt$/i, "tokens.txt");
    requireTokens(path, least);
    return path;
  }

  /** @throws EngineError MODEL_UNFIT, which says what is there. */
  unfit(wanted: string): never {
    const here = this.#names.slice(0, 12).join(", ") || "nothing";
    throw new EngineError("MODEL_UNFIT", `${this.path}: no ${wanted}; there is ${here}`);
  }
}

/** As `requireModel`, of a file that was read already. */
export const requireFile = (file: ModelFile, wanted: WantedModel): ModelFile => {
  requireModel(file.path, wanted);
  return file;
};

function namesIn(path: string): string[] {
  try {
    if (!statSync(path).isDirectory())
      throw new EngineError("FILE_UNREADABLE", `${path}: a file; wanted the folder of a model`);
    const names = readdirSync(path).sort();
    if (names.length > MOST_FILES)
      throw new EngineError("FILE_UNREADABLE", `${path}: ${names.length} files; wanted the folder of one model`);
    return names;
  } catch (cause) {
    if (cause instanceof EngineError) throw cause;
    const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
    if (code === "ENOENT" || code === "ENOTDIR")
      throw new EngineError("FILE_NOT_FOUND", `${path}: no such folder; wanted that of a model`, { cause });
    throw new EngineError("FILE_UNREADABLE", `${path}: cannot be read; wanted the folder of a model`, { cause });
  }
}

/** A token and its number on each line. A list that is too short ends the library when it wants to name what it heard. */
function requireTokens(path: string, least: number): void {
  const lines = readFileSync(path, "utf8")
    .split("\n")
    .filter((line) => line.trim() !== "");
  const wrong = lines.findIndex((line) => !/\s\d+\s*$/.test(line));
  if (wrong >= 0)
    throw new EngineError("MODEL_UNFIT", `${path}:${wrong + 1}: no token and number; wanted one of each on every line`);
  if (lines.length < least)
    throw new EngineError("MODEL_UNFIT", `${path}: ${lines.length} tokens; the model has ${least}`);
}
