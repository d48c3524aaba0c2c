import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { EngineError } from "#engine/errors";
import type { Backend } from "./backend.ts";

/** The exports of version 0.2.0, which names them by letters; package.json pins exactly that version and `instantiate` checks them. */
interface Exports {
  readonly c: WebAssembly.Memory;
  /** Static constructors. */
  d(): void;
  fvad_new(): number;
  malloc(bytes: number): number;
  free(instance: number): void;
  setMode(instance: number, mode: number): number;
  setSampleRate(instance: number, sampleRateHz: number): number;
  process(instance: number, pcm: number, samples: number): number;
}

/** 30 ms at 48 kHz, the longest frame that the detector knows. */
const MAX_SAMPLES = 1440;
/** Handles count detectors within one instance of the module from its number times this. */
const PER_INSTANCE = 2 ** 32;

/** One instance of the module: its memory does not grow and holds about 22,600 detectors. */
class Instance {
  readonly #exports: Exports;
  readonly #input: number;
  readonly #pcm: Int16Array;

  constructor(module: WebAssembly.Module) {
    this.#exports = instantiate(module);
    this.#exports.d();
    this.#input = this.#exports.malloc(MAX_SAMPLES * 2);
    this.#pcm = new Int16Array(this.#exports.c.buffer, this.#input, MAX_SAMPLES);
    const probe = this.open(0);
    if (probe === 0 || this.open(4) !== 0 || this.process(probe, 8000, new Int16Array(80), 80) !== 0)
      throw new EngineError("ENGINE_FAILED", "@echogarden/fvad-wasm does not answer like version 0.2.0");
    this.free(probe);
  }

  open(mode: number): number {
    const handle = this.#exports.fvad_new();
    if (handle !== 0 && this.#exports.setMode(handle, mode) !== 0) {
      this.#exports.free(handle);
      return 0;
    }
    return handle;
  }

  process(handle: number, sampleRateHz: number, pcm: Int16Array, samples: number): number {
    if (samples > MAX_SAMPLES || this.#exports.setSampleRate(handle, sampleRateHz) !== 0) return -1;
    this.#pcm.set(pcm);
    return this.#exports.process(handle, this.#input, samples);
  }

  free(handle: number): void {
    this.#exports.free(handle);
  }
}

/**
 * Opens the WebAssembly build of the same detector, which decides bit for bit alike at about 1.25 times the cost.
 * @throws EngineError ENGINE_MISSING when the package is not installed, ENGINE_FAILED when it is another version.
 */
export function openWasm(): { backend: Backend; path: string } {
  const { module, path } = load();
  const instances: Instance[] = [new Instance(module)];
  const at = (handle: number): Instance => instances[Math.floor(handle / PER_INSTANCE)]!;
  return {
    path,
    backend: {
      open(mode) {
        if (!Number.isInteger(mode) || mode < 0 || mode > 3) return 0;
        for (let i = 0; ; i++) {
          if (i === instances.length) instances.push(new Instance(module));
          const handle = instances[i]!.open(mode);
          if (handle !== 0) return i * PER_INSTANCE + handle;
        }
      },
      process: (handle, sampleRateHz, pcm, samples) =>
        at(handle).process(handle % PER_INSTANCE, sampleRateHz, pcm, samples),
      free: (handle) => at(handle).free(handle % PER_INSTANCE),
    },
  };
}

/** The module's file, where its package is installed. */
export function findWasm(): string | undefined {
  try {
    return fileURLToPath(import.meta.resolve("@echogarden/fvad-wasm/fvad.wasm"));
  } catch {
    return undefined;
  }
}

function load(): { module: WebAssembly.Module; path: string } {
  const path = findWasm();
  if (!path) throw new EngineError("ENGINE_MISSING", "the package @echogarden/fvad-wasm is not installed");
  return { module: new WebAssembly.Module(readFileSync(path)), path };
}

function instantiate(module: WebAssembly.Module): Exports {
  const abort = () => {
    throw new EngineError("ENGINE_FAILED", "an assertion failed inside @echogarden/fvad-wasm");
  };
  const cannotGrow = () => 0;
  const { exports } = new WebAssembly.Instance(module, { a: { a: abort, b: cannotGrow } });
  const named = (letter: string): ((...args: number[]) => number) => {
    const value = exports[letter];
    if (typeof value === "function") return value as (...args: number[]) => number;
    throw new EngineError("ENGINE_FAILED", `@echogarden/fvad-wasm exports no function ${letter}: not version 0.2.0`);
  };
  if (!(exports.c instanceof WebAssembly.Memory))
    throw new EngineError("ENGINE_FAILED", "@echogarden/fvad-wasm exports no memory c: not version 0.2.0");
  return {
    c: exports.c,
    d: named("d"),
    fvad_new: named("e"),
    malloc: named("f"),
    free: named("h"),
    setMode: named("j"),
    setSampleRate: named("k"),
    process: named("l"),
  };
}
