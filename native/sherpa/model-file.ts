import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { EngineError } from "#engine/errors";

/** What an ONNX file says of itself. */
export interface ModelFacts {
  readonly producer: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** Written by whoever exported it: `model_type`, `sample_rate`, `vocab_size`, … */
  readonly metadata: Readonly<Record<string, string>>;
}

export interface WantedModel {
  /** As people call it in a message: `the Silero model`. */
  readonly what: string;
  /** Inputs that have to be there, in one of these sets. */
  readonly inputs?: readonly (readonly string[])[];
  readonly outputs?: readonly string[];
  readonly metadata?: readonly string[];
}

/**
 * Reads a model's own description and nothing of its weights, however large it is: the library ends the whole process over a graph that it
 * does not expect, so it is not given one.
 * @throws EngineError FILE_NOT_FOUND, FILE_UNREADABLE, MODEL_UNFIT; each names the file.
 */
export function readModel(path: string): ModelFacts {
  const file = open(path);
  try {
    return new OnnxReader(file, fstatSync(file).size).model();
  } catch (cause) {
    if (cause instanceof EngineError) throw cause;
    throw new EngineError("MODEL_UNFIT", `${path}: this is no ONNX model`, { cause });
  } finally {
    closeSync(file);
  }
}

/** The same, and refuses a model that is not what is wanted. @throws EngineError as `readModel`. */
export function requireModel(path: string, { what, inputs, outputs, metadata }: WantedModel): ModelFacts {
  const facts = readModel(path);
  const lacks = (wanted: readonly string[], found: readonly string[]) => wanted.filter((name) => !found.includes(name));
  const sets = (inputs ?? []).map((set) => lacks(set, facts.inputs));
  const missing = [
    ...(sets.length > 0 && sets.every((set) => set.length > 0) ? (sets[0] ?? []) : []),
    ...lacks(outputs ?? [], facts.outputs),
    ...lacks(metadata ?? [], Object.keys(facts.metadata)),
  ];
  if (missing.length === 0) return facts;
  const found = [...facts.inputs, ...facts.outputs, ...Object.keys(facts.metadata)].slice(0, 12).join(", ");
  throw new EngineError(
    "MODEL_UNFIT",
    `${path}: not ${what}: it has no ${missing.join(", ")}; it has ${found || "nothing"}`,
  );
}

function open(path: string): number {
  try {
    const file = openSync(path, "r");
    if (fstatSync(file).isFile()) return file;
    closeSync(file);
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
    if (code === "ENOENT" || code === "ENOTDIR")
      throw new EngineError("FILE_NOT_FOUND", `${path}: no such file; wanted a model`, { cause });
    throw new EngineError("FILE_UNREADABLE", `${path}: cannot be read; wanted a model`, { cause });
  }
  throw new EngineError("FILE_UNREADABLE", `${path}: a folder; wanted a model`);
}

/** Fields of onnx.proto, version 1. */
const MODEL = { producer: 2, graph: 7, metadata: 14 } as const;
const GRAPH = { input: 11, output: 12 } as const;
const NAME = 1;
const KEY = 1;
const VALUE = 2;
/** Wire types of Protocol Buffers. */
const VARINT = 0;
const FIXED64 = 1;
const BYTES = 2;
const FIXED32 = 5;
const BLOCK_BYTES = 65_536;
/** A name or a value is no longer; where more stands there, the file is none. */
const MOST_TEXT_BYTES = 1 << 20;

interface Field {
  readonly number: number;
  /** Of what has a length: where it lies. */
  readonly from: number;
  readonly to: number;
}

/** Walks through the fields of a file, passing over what is large without reading it. */
class OnnxReader {
  readonly #block = Buffer.alloc(BLOCK_BYTES);
  #blockAt = 0;
  #blockLength = 0;
  #at = 0;

  constructor(
    private readonly file: number,
    private readonly size: number,
  ) {}

  model(): ModelFacts {
    let producer = "";
    const inputs: string[] = [];
    const outputs: string[] = [];
    const metadata: Record<string, string> = {};
    let graphs = 0;
    for (const field of this.#fields(0, this.size)) {
      if (field.number === MODEL.producer) producer = this.#text(field);
      else if (field.number === MODEL.metadata) {
        const { [KEY]: key = "", [VALUE]: value = "" } = this.#texts(field);
        metadata[key] = value;
      } else if (field.number === MODEL.graph) {
        graphs++;
        for (const part of this.#fields(field.from, field.to))
          if (part.number === GRAPH.input) inputs.push(this.#texts(part)[NAME] ?? "");
          else if (part.number === GRAPH.output) outputs.push(this.#texts(part)[NAME] ?? "");
      }
    }
    if (graphs !== 1) throw new Error("no graph");
    return { producer, inputs, outputs, metadata };
  }

  /** The strings among the fields of a message, by number. */
  #texts({ from, to }: Field): Record<number, string> {
    const found: Record<number, string> = {};
    for (const field of this.#fields(from, to))
      if (field.number === KEY || field.number === VALUE) found[field.number] ??= this.#text(field);
    return found;
  }

  *#fields(from: number, to: number): Generator<Field> {
    let at = from;
    while (at < to) {
      this.#at = at;
      const tag = this.#varint();
      const type = tag & 7;
      if (type === VARINT) this.#varint();
      const length = type === BYTES ? this.#varint() : type === FIXED64 ? 8 : type === FIXED32 ? 4 : 0;
      if (type !== VARINT && type !== BYTES && length === 0) throw new Error("no such wire type");
      const start = this.#at;
      at = start + length;
      if (at > to || tag < 8) throw new Error("a field reaches beyond its message");
      yield { number: tag >>> 3, from: start, to: at };
    }
  }

  #text({ from, to }: Field): string {
    if (to - from > MOST_TEXT_BYTES) throw new Error("a text that is too long");
    const bytes = Buffer.alloc(to - from);
    readSync(this.file, bytes, 0, bytes.length, from);
    return bytes.toString("utf8");
  }

  #varint(): number {
    let value = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      const byte = this.#byte();
      value += (byte & 127) * 2 ** shift;
      if (byte < 128) return value;
    }
    throw new Error("a number without an end");
  }

  #byte(): number {
    if (this.#at < this.#blockAt || this.#at >= this.#blockAt + this.#blockLength) {
      this.#blockAt = this.#at;
      this.#blockLength = readSync(this.file, this.#block, 0, BLOCK_BYTES, this.#at);
      if (this.#blockLength === 0) throw new Error("the file ends within a field");
    }
    return this.#block[this.#at++ - this.#blockAt]!;
  }
}
