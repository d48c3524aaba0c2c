import type { Graph } from "../onnx.ts";
import { CLASSES, FEATURES, type Scoring, SUBSAMPLING, scoring } from "./scoring.ts";

/** Features and their length in; scores and theirs out, as logarithms of probabilities. */
export function ctc(metadata: Record<string, string>, how: Scoring = {}): Graph {
  const { weights, nodes } = scoring(how);
  return {
    inputs: [
      { name: "x", shape: ["N", "T", FEATURES] },
      { name: "x_lens", type: "int64", shape: ["N"] },
    ],
    outputs: [
      { name: "log_probs", shape: ["N", "T2", CLASSES.length] },
      { name: "log_probs_lens", type: "int64", shape: ["N"] },
    ],
    weights: [...weights, { name: "slowness", shape: [1], ints: [SUBSAMPLING] }],
    nodes: [
      ...nodes,
      { op: "LogSoftmax", from: ["raw"], to: ["log_probs"], ints: { axis: -1 } },
      { op: "Div", from: ["x_lens", "slowness"], to: ["log_probs_lens"] },
    ],
    metadata,
  };
}

/** The same from features alone. */
export function tdnn(): Graph {
  const { inputs, outputs, nodes, ...rest } = ctc({ model_type: "tdnn", vocab_size: `${CLASSES.length}` });
  return { ...rest, inputs: inputs.slice(0, 1), outputs: outputs.slice(0, 1), nodes: nodes.slice(0, -1) };
}

/** Carries along what one layer of a zipformer has to know of the pieces before, and makes no use of it. */
export function streamingCtc(): Graph {
  const { weights, nodes } = scoring({});
  const layer = ["key", "nonlin_attn", "val1", "val2", "conv1", "conv2"];
  const floats = [...layer.map((name) => `cached_${name}_0`), "embed_states"];
  const rankOf = (name: string) => (/nonlin|embed/.test(name) ? 4 : 3);
  const port = (name: string, prefix = "") => ({
    name: `${prefix}${name}`,
    shape: Array.from({ length: rankOf(name) }, (_, i) => `${name}${i}`),
  });
  return {
    inputs: [
      { name: "x", shape: ["N", "T", FEATURES] },
      ...floats.map((name) => port(name)),
      { name: "processed_lens", type: "int64", shape: ["N"] },
    ],
    outputs: [
      { name: "log_probs", shape: ["N", "T2", CLASSES.length] },
      ...floats.map((name) => port(name, "new_")),
      { name: "new_processed_lens", type: "int64", shape: ["N"] },
    ],
    weights,
    nodes: [
      ...nodes,
      { op: "LogSoftmax", from: ["raw"], to: ["log_probs"], ints: { axis: -1 } },
      ...[...floats, "processed_lens"].map((name) => ({ op: "Identity", from: [name], to: [`new_${name}`] })),
    ],
    metadata: {
      model_type: "zipformer2",
      T: "8",
      decode_chunk_len: "8",
      encoder_dims: "4",
      query_head_dims: "1",
      value_head_dims: "1",
      num_heads: "1",
      num_encoder_layers: "1",
      cnn_module_kernels: "3",
      left_context_len: "1",
    },
  };
}
