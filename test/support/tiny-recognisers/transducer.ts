import { onnxModel } from "../onnx.ts";
import { CLASSES, FEATURES, SUBSAMPLING, scoring } from "./scoring.ts";

/** What was said last is not said again, by a penalty on its own class; the joiner adds both up. */
export function predictor(): Record<string, Uint8Array> {
  const width = CLASSES.length;
  const penalty = Float32Array.from({ length: width * width }, (_, i) =>
    i % width === Math.floor(i / width) && i > 0 ? -1000 : 0,
  );
  return {
    "decoder.onnx": onnxModel({
      inputs: [{ name: "y", type: "int64", shape: ["N", 2] }],
      outputs: [{ name: "decoder_out", shape: ["N", width] }],
      weights: [
        { name: "last", shape: [], ints: [1] },
        { name: "penalty", shape: [width, width], floats: penalty },
      ],
      nodes: [
        { op: "Gather", from: ["y", "last"], to: ["token"], ints: { axis: 1 } },
        { op: "Gather", from: ["penalty", "token"], to: ["decoder_out"], ints: { axis: 0 } },
      ],
      metadata: { vocab_size: `${width}`, context_size: "2" },
    }),
    "joiner.onnx": onnxModel({
      inputs: [
        { name: "encoder_out", shape: ["N", width] },
        { name: "decoder_out", shape: ["N", width] },
      ],
      outputs: [{ name: "logit", shape: ["N", width] }],
      nodes: [{ op: "Add", from: ["encoder_out", "decoder_out"], to: ["logit"] }],
      metadata: { joiner_dim: `${width}` },
    }),
  };
}

export function offlineTransducer(): Uint8Array {
  const { weights, nodes } = scoring({});
  return onnxModel({
    inputs: [
      { name: "x", shape: ["N", "T", FEATURES] },
      { name: "x_lens", type: "int64", shape: ["N"] },
    ],
    outputs: [
      { name: "encoder_out", shape: ["N", "T2", CLASSES.length] },
      { name: "encoder_out_lens", type: "int64", shape: ["N"] },
    ],
    weights: [...weights, { name: "slowness", shape: [1], ints: [SUBSAMPLING] }],
    nodes: [
      ...nodes,
      { op: "Identity", from: ["raw"], to: ["encoder_out"] },
      { op: "Div", from: ["x_lens", "slowness"], to: ["encoder_out_lens"] },
    ],
    metadata: { model_type: "zipformer2" },
  });
}

/** Of the kind that carries the state of an LSTM along; this one makes no use of it. */
export function streamingTransducer(): Uint8Array {
  const { weights, nodes } = scoring({});
  const states = ["h", "c"];
  return onnxModel({
    inputs: [{ name: "x", shape: ["N", "T", FEATURES] }, ...states.map((name) => ({ name, shape: [1, "N", 1] }))],
    outputs: [
      { name: "encoder_out", shape: ["N", "T2", CLASSES.length] },
      ...states.map((name) => ({ name: `next_${name}`, shape: [1, "N", 1] })),
    ],
    weights,
    nodes: [
      ...nodes,
      { op: "Identity", from: ["raw"], to: ["encoder_out"] },
      ...states.map((name) => ({ op: "Identity", from: [name], to: [`next_${name}`] })),
    ],
    metadata: {
      model_type: "lstm",
      num_encoder_layers: "1",
      T: "8",
      decode_chunk_len: "8",
      rnn_hidden_size: "1",
      d_model: "1",
    },
  });
}
