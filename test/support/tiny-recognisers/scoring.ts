import type { GraphNode, Weight } from "../onnx.ts";

/** Of each frame, as the library computes them. */
export const FEATURES = 80;
/** So many frames become one, as in models that people use. */
export const SUBSAMPLING = 4;
/** Logarithms of energy, this much above silence, count as sound. */
const FLOOR = -8;
/** The same where samples count from -32,768 to 32,767: the energy of each is 2^30 times as much. */
export const FLOOR_OF_INTEGERS = FLOOR + 30 * Math.log(2);

export type Heard = "none" | "low" | "high";
export const CLASSES: readonly Heard[] = ["none", "low", "high"];

/** From features to the scores of classes, `raw`. */
export interface Scoring {
  readonly classes?: readonly Heard[];
  readonly floor?: number;
  /** So many frames lie in one, and it is not made slower. */
  readonly stacked?: number;
  /** Of the whole recording, not of each frame. */
  readonly once?: boolean;
}

/** For each feature of so many stacked frames, what it says for each class. */
export function hearing(stacked: number, classes: readonly Heard[]): Float32Array {
  const weights = new Float32Array(FEATURES * stacked * classes.length);
  for (let feature = 0; feature < FEATURES * stacked; feature++) {
    const half: Heard = feature % FEATURES < FEATURES / 2 ? "low" : "high";
    for (const [i, what] of classes.entries())
      weights[feature * classes.length + i] = what === "none" ? 0 : (what === half ? 1 : -1) / stacked;
  }
  return weights;
}

/** The nodes from the features `x` to the scores `raw`. */
export function scoring({ classes = CLASSES, floor = FLOOR, stacked = 1, once = false }: Scoring): {
  weights: Weight[];
  nodes: GraphNode[];
} {
  const slower: GraphNode[] = [
    { op: "Transpose", from: ["x"], to: ["turned"], ints: { perm: [0, 2, 1] } },
    {
      op: "AveragePool",
      from: ["turned"],
      to: ["slower"],
      ints: { kernel_shape: [SUBSAMPLING], strides: [SUBSAMPLING] },
    },
    { op: "Transpose", from: ["slower"], to: ["frames"], ints: { perm: [0, 2, 1] } },
  ];
  const mean: GraphNode = { op: "ReduceMean", from: ["sound"], to: ["counted"], ints: { axes: [1], keepdims: 1 } };
  return {
    weights: [
      { name: "floor", shape: [1], floats: [floor] },
      { name: "weights", shape: [FEATURES * stacked, classes.length], floats: hearing(stacked, classes) },
      { name: "bias", shape: [classes.length], floats: classes.map((what) => (what === "none" || once ? 0 : -20)) },
    ],
    nodes: [
      ...(stacked === 1 ? slower : [{ op: "Identity", from: ["x"], to: ["frames"] }]),
      { op: "Sub", from: ["frames", "floor"], to: ["above"] },
      { op: "Relu", from: ["above"], to: ["sound"] },
      once ? mean : { op: "Identity", from: ["sound"], to: ["counted"] },
      { op: "MatMul", from: ["counted", "weights"], to: ["scores"] },
      { op: "Add", from: ["scores", "bias"], to: ["raw"] },
    ],
  };
}
