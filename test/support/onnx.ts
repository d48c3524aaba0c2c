/** Writes small ONNX graphs, so that the real loading and running code of a model library can be tested without anybody's weights. */
export interface Graph {
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
  readonly weights?: readonly Weight[];
  readonly nodes: readonly GraphNode[];
  /** What an exporter writes down about its model. */
  readonly metadata?: Readonly<Record<string, string>>;
}

export interface Port {
  readonly name: string;
  readonly type?: "float" | "int32" | "int64";
  /** A text is a length that is known only when it runs. */
  readonly shape: readonly (number | string)[];
}

export type Weight = { readonly name: string; readonly shape: readonly number[] } & (
  | { readonly floats: ArrayLike<number> }
  | { readonly ints: readonly number[] }
);

export interface GraphNode {
  readonly op: string;
  readonly from: readonly string[];
  readonly to: readonly string[];
  readonly ints?: Readonly<Record<string, number | readonly number[]>>;
}

/** Numbers of onnx.proto: data types, and types of attributes. */
const FLOAT = 1;
const INT32 = 6;
const INT64 = 7;
const ATTRIBUTE_INT = 2;
const ATTRIBUTE_INTS = 7;
const TYPES = { float: FLOAT, int32: INT32, int64: INT64 } as const;
/** Of the file format and of the operators: old enough for every runtime that is in use. */
const IR_VERSION = 8;
const OPSET = 13;

/** The bytes of a model file. */
export function onnxModel({ inputs, outputs, weights = [], nodes, metadata = {} }: Graph): Uint8Array {
  const graph = message([
    ...nodes.map((node) => field(1, nodeBytes(node))),
    text(2, "graph"),
    ...weights.map((weight) => field(5, tensorBytes(weight))),
    ...inputs.map((port) => field(11, portBytes(port))),
    ...outputs.map((port) => field(12, portBytes(port))),
  ]);
  const facts = Object.entries(metadata).map(([key, value]) => field(14, message([text(1, key), text(2, value)])));
  const opset = field(8, message([text(1, ""), number(2, OPSET)]));
  return new Uint8Array(message([number(1, IR_VERSION), text(2, "test"), field(7, graph), opset, ...facts]));
}

function nodeBytes({ op, from, to, ints = {} }: GraphNode): Buffer {
  const attributes = Object.entries(ints).map(([name, value]) =>
    field(
      5,
      typeof value === "number"
        ? message([text(1, name), number(3, value), number(20, ATTRIBUTE_INT)])
        : message([text(1, name), ...value.map((one) => number(8, one)), number(20, ATTRIBUTE_INTS)]),
    ),
  );
  return message([
    ...from.map((name) => text(1, name)),
    ...to.map((name) => text(2, name)),
    text(4, op),
    ...attributes,
  ]);
}

function tensorBytes(weight: Weight): Buffer {
  const floats = "floats" in weight;
  const values = floats ? Float32Array.from(weight.floats) : BigInt64Array.from(weight.ints, (value) => BigInt(value));
  return message([
    ...weight.shape.map((length) => number(1, length)),
    number(2, floats ? FLOAT : INT64),
    text(8, weight.name),
    field(9, Buffer.from(values.buffer)),
  ]);
}

function portBytes({ name, type = "float", shape }: Port): Buffer {
  const lengths = shape.map((length) => field(1, typeof length === "number" ? number(1, length) : text(2, length)));
  const tensor = message([number(1, TYPES[type]), field(2, message(lengths))]);
  return message([text(1, name), field(2, field(1, tensor))]);
}

const message = (fields: readonly Buffer[]): Buffer => Buffer.concat(fields);
const text = (at: number, value: string): Buffer => field(at, Buffer.from(value));
const field = (at: number, bytes: Buffer): Buffer =>
  Buffer.concat([varint((at << 3) | 2), varint(bytes.length), bytes]);
const number = (at: number, value: number): Buffer => Buffer.concat([varint(at << 3), varint(value)]);

/** Two's complement of 64 bits where it is negative, as the format has it. */
function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128);
  return Buffer.from([...bytes, Number(rest)]);
}
