import { EngineError, type Environment, findProgram, type Resource } from "#engine/plugin";
import { canonicalTag, type Mode, readStages } from "./modes.ts";
import { type Command, Pipeline } from "./pipeline.ts";
import { cleanText, fromAnswer, toRequest } from "./wire.ts";

/** The first answer includes loading the dictionaries. */
const START_TIMEOUT_MS = 30_000;

/**
 * Translates one text after the other, in the order of asking, through a pipeline that lives as long as nothing goes wrong. What went
 * wrong costs the text under work and no other: the next one gets a fresh pipeline.
 */
export class Translator {
  #pipeline: Pipeline | undefined;
  #turn: Promise<unknown> = Promise.resolve();
  #closed = false;

  /** @param language BCP 47, of the answers. */
  constructor(
    readonly name: string,
    readonly commands: readonly Command[],
    readonly language: string,
  ) {}

  /**
   * @returns one line, or nothing for a text without content.
   * @param signal gives up waiting; the pipeline goes on, for others may wait for it.
   * @throws EngineError ENGINE_FAILED when the pipeline ended or was silent for `timeoutMs`, counted from this text's turn.
   */
  translate(text: string, timeoutMs: number, signal?: AbortSignal): Promise<string> {
    const clean = cleanText(text);
    if (clean === "") return Promise.resolve("");
    return this.#queued(async () => fromAnswer(await this.#ask(clean, timeoutMs), clean, this.language), signal);
  }

  /** Brings the pipeline up, so that the first text does not wait for it. */
  async open(): Promise<void> {
    await this.#queued(() => this.#ask("a", START_TIMEOUT_MS));
  }

  /** The process group of the pipeline that is up now. */
  get group(): number | undefined {
    return this.#pipeline?.alive ? this.#pipeline.group : undefined;
  }

  /** A text under work is given up. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#pipeline?.close();
  }

  async #ask(clean: string, timeoutMs: number): Promise<string> {
    if (!this.#pipeline?.alive) await this.#pipeline?.end(); // nothing of the old one is left when the new one starts
    if (this.#closed) throw new EngineError("ENGINE_FAILED", `${this.name} is closed`);
    if (!this.#pipeline?.alive) this.#pipeline = new Pipeline(this.name, this.commands);
    return this.#pipeline.ask(toRequest(clean), timeoutMs);
  }

  #queued<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    const done = this.#turn.then(() => {
      signal?.throwIfAborted(); // its turn came too late
      return work();
    });
    this.#turn = done.catch(() => {});
    return signal ? unlessAborted(done, signal) : done;
  }
}

/** The promise, or a rejection with the signal's reason if that comes first. */
function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const abort = () => reject(signal.reason);
    if (signal.aborted) abort();
    signal.addEventListener("abort", abort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}

/** The translator of a mode, one for the whole process. */
export function translatorOf(mode: Mode, env: Environment): Resource<Translator> {
  return {
    key: `apertium ${mode.file}`,
    async open() {
      const translator = new Translator(
        `apertium ${mode.name}`,
        requireStages(mode, env),
        canonicalTag(mode.target.replace(/_.*/, "")) ?? "und",
      );
      try {
        await translator.open();
      } catch (error) {
        await translator.close();
        throw error;
      }
      return translator;
    },
    close: (translator) => translator.close(),
  };
}

/** The stages of a mode, and the names of the programs that were not found for them. */
export function findStages(mode: Mode, env: Environment): { commands: Command[]; missing: string[] } {
  const missing = new Set<string>();
  const commands = readStages(mode).flatMap(([name, ...args]) => {
    const program = findProgram(name, env);
    if (!program) missing.add(name);
    return program ? [{ program, args }] : [];
  });
  return { commands, missing: [...missing] };
}

/** @throws EngineError ENGINE_MISSING naming every program of the mode that is not there. */
function requireStages(mode: Mode, env: Environment): Command[] {
  const { commands, missing } = findStages(mode, env);
  if (missing.length === 0) return commands;
  throw new EngineError(
    "ENGINE_MISSING",
    `apertium ${mode.name} needs ${missing.join(", ")}, found neither in PATH nor in the user's Debian folder: \
apt-get install apertium apertium-lex-tools`,
  );
}
