import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Graph, onnxModel } from "./onnx.ts";

/** Folders with models that are real to the library and small enough to be written by a test: what they hear and say can be foretold. */

const FEATURES = 80;
const WORDS = ["▁low", "▁high"];
/** The token of nothing is the last one, as NeMo has it. */
const CLASSES = WORDS.length + 1;

/** For each feature, what it says for a word: one word is the lower half of the spectrum, the other the upper half. */
function hearing(): Float32Array {
  const weights = new Float32Array(FEATURES * CLASSES);
  for (let feature = 0; feature < FEATURES; feature++) {
    const low = feature < FEATURES / 2;
    weights[feature * CLASSES] = low ? 1 : -1;
    weights[feature * CLASSES + 1] = low ? -1 : 1;
  }
  return weights;
}

const tokens = () => `${[...WORDS, "<blk>"].map((token, i) => `${token} ${i}`).join("\n")}\n`;

/** Logarithms of energy, this much above silence, count as sound. */
const FLOOR = -8;

/** Four frames become one, as in models that people use. */
const SUBSAMPLING = 4;

const scores: Pick<Graph, "weights" | "nodes"> = {
  weights: [
    { name: "floor", shape: [1], floats: [FLOOR] },
    { name: "weights", shape: [FEATURES, CLASSES], floats: hearing() },
    { name: "bias", shape: [CLASSES], floats: [-20, -20, 0] },
  ],
  nodes: [
    {
      op: "AveragePool",
      from: ["audio_signal"],
      to: ["slower"],
      ints: { kernel_shape: [SUBSAMPLING], strides: [SUBSAMPLING] },
    },
    { op: "Transpose", from: ["slower"], to: ["frames"], ints: { perm: [0, 2, 1] } },
    { op: "Sub", from: ["frames", "floor"], to: ["above"] },
    { op: "Relu", from: ["above"], to: ["sound"] },
    { op: "MatMul", from: ["sound", "weights"], to: ["raw"] },
    { op: "Add", from: ["raw", "bias"], to: ["shifted"] },
    { op: "LogSoftmax", from: ["shifted"], to: ["logprobs"], ints: { axis: -1 } },
  ],
};

/** Offline, of the family of NeMo's CTC models. It hears `low` in a low tone and `high` in a high one. */
export function offlineRecogniser(folder: string): string {
  const model = onnxModel({
    inputs: [
      { name: "audio_signal", shape: [1, FEATURES, "T"] },
      { name: "length", type: "int64", shape: [1] },
    ],
    outputs: [{ name: "logprobs", shape: [1, "T", CLASSES] }],
    ...scores,
    metadata: {
      model_type: "EncDecCTCModelBPE",
      vocab_size: "2",
      subsampling_factor: `${SUBSAMPLING}`,
      normalize_type: "",
    },
  });
  return written(folder, { "model.onnx": model, "tokens.txt": tokens() });
}

/** Streaming, of the same family: it carries its state along and makes no use of it. */
export function streamingRecogniser(folder: string): string {
  const states = ["cache_last_channel", "cache_last_time"];
  const model = onnxModel({
    inputs: [
      { name: "audio_signal", shape: [1, FEATURES, "T"] },
      { name: "length", type: "int64", shape: [1] },
      ...states.map((name) => ({ name, shape: [1, 1, 1, 1] })),
      { name: "cache_last_channel_len", type: "int64", shape: [1] },
    ],
    outputs: [
      { name: "logprobs", shape: [1, "T", CLASSES] },
      { name: "encoded_lengths", type: "int64", shape: [1] },
      ...states.map((name) => ({ name: `${name}_next`, shape: [1, 1, 1, 1] })),
      { name: "cache_last_channel_len_next", type: "int64", shape: [1] },
    ],
    weights: scores.weights ?? [],
    nodes: [
      ...scores.nodes,
      { op: "Identity", from: ["length"], to: ["encoded_lengths"] },
      ...[...states, "cache_last_channel_len"].map((name) => ({ op: "Identity", from: [name], to: [`${name}_next`] })),
    ],
    metadata: {
      model_type: "EncDecCTCModelBPE",
      vocab_size: "2",
      window_size: "40",
      chunk_shift: "40",
      subsampling_factor: `${SUBSAMPLING}`,
      ...Object.fromEntries(states.flatMap((name) => [1, 2, 3].map((dim) => [`${name}_dim${dim}`, "1"]))),
    },
  });
  return written(folder, { "model.onnx": model, "tokens.txt": tokens() });
}

/** What one letter sounds like: 50 ms. */
export const LETTER_SAMPLES = 800;

/** Of the family of VITS: each letter is a tone whose level is the letter's number. */
export function synthesiser(folder: string): string {
  const tone = Float32Array.from({ length: LETTER_SAMPLES }, (_, i) => 0.02 * Math.sin((2 * Math.PI * i) / 40));
  const model = onnxModel({
    inputs: [
      { name: "x", type: "int64", shape: [1, "L"] },
      { name: "x_length", type: "int64", shape: [1] },
      ...["noise_scale", "length_scale", "noise_scale_w"].map((name) => ({ name, shape: [1] })),
    ],
    outputs: [{ name: "y", shape: [1, 1, "N"] }],
    weights: [
      { name: "tone", shape: [1, 1, LETTER_SAMPLES], floats: tone },
      { name: "axis", shape: [1], ints: [2] },
      { name: "flat", shape: [3], ints: [1, 1, -1] },
    ],
    nodes: [
      { op: "Cast", from: ["x"], to: ["level"], ints: { to: 1 } },
      { op: "Unsqueeze", from: ["level", "axis"], to: ["column"] },
      { op: "Mul", from: ["column", "tone"], to: ["letters"] },
      { op: "Reshape", from: ["letters", "flat"], to: ["y"] },
    ],
    metadata: {
      model_type: "vits",
      comment: "test",
      language: "English",
      sample_rate: "16000",
      n_speakers: "1",
      add_blank: "0",
      punctuation: "",
      frontend: "characters",
      blank_id: "0",
      bos_id: "0",
      eos_id: "0",
      use_eos_bos: "0",
      pad_id: "0",
    },
  });
  const letters = [..."_ abcdefghijklmnopqrstuvwxyz"].map((letter, i) => `${letter} ${i}`).join("\n");
  return written(folder, { "model.onnx": model, "tokens.txt": `${letters}\n` });
}

const BINS = 257;

/** Of the family of GTCRN: what comes in goes out at half its amplitude. */
export function denoiser(folder: string): string {
  const caches = ["conv_cache", "tra_cache", "inter_cache"];
  const model = onnxModel({
    inputs: [{ name: "mix", shape: [1, BINS, 1, 2] }, ...caches.map((name) => ({ name, shape: [1, 1] }))],
    outputs: [
      { name: "enh", shape: [1, BINS, 1, 2] },
      ...caches.map((name) => ({ name: `${name}_out`, shape: [1, 1] })),
    ],
    weights: [{ name: "half", shape: [1], floats: [0.5] }],
    nodes: [
      { op: "Mul", from: ["mix", "half"], to: ["enh"] },
      ...caches.map((name) => ({ op: "Identity", from: [name], to: [`${name}_out`] })),
    ],
    metadata: {
      model_type: "gtcrn",
      sample_rate: "16000",
      n_fft: "512",
      hop_length: "256",
      window_length: "512",
      window_type: "hann_sqrt",
      version: "1",
      ...Object.fromEntries(caches.map((name) => [`${name}_shape`, "1,1"])),
    },
  });
  return written(folder, { "gtcrn.onnx": model });
}

/** Of the family of pyannote: whoever is loud speaks; voices are told apart by the half of the spectrum that they fill. */
export function diariser(folder: string): string {
  const CLASSES_OF_SPEAKERS = 7;
  const segmentation = onnxModel({
    inputs: [{ name: "x", shape: ["N", 1, "T"] }],
    outputs: [{ name: "y", shape: ["N", "frames", CLASSES_OF_SPEAKERS] }],
    weights: [
      { name: "difference", shape: [1, 1, 2], floats: [-1, 1] },
      // nobody, the first voice (loud and low), the second (loud and high), and mixtures that never are
      {
        name: "voices",
        shape: [2, CLASSES_OF_SPEAKERS],
        floats: [
          [0, 100, -20, 0, 0, 0, 0],
          [0, -200, 100, 0, 0, 0, 0],
        ].flat(),
      },
      { name: "floor", shape: [CLASSES_OF_SPEAKERS], floats: [1, 0, 0, -99, -99, -99, -99] },
    ],
    nodes: [
      { op: "Conv", from: ["x", "difference"], to: ["change"], ints: { kernel_shape: [2], pads: [0, 1] } },
      { op: "Concat", from: ["x", "change"], to: ["both"], ints: { axis: 1 } },
      { op: "Abs", from: ["both"], to: ["size"] },
      { op: "AveragePool", from: ["size"], to: ["level"], ints: { kernel_shape: [991], strides: [270] } },
      { op: "Transpose", from: ["level"], to: ["column"], ints: { perm: [0, 2, 1] } },
      { op: "MatMul", from: ["column", "voices"], to: ["scores"] },
      { op: "Add", from: ["scores", "floor"], to: ["y"] },
    ],
    metadata: {
      model_type: "pyannote-segmentation-3.0",
      sample_rate: "16000",
      window_size: "160000",
      receptive_field_size: "991",
      receptive_field_shift: "270",
      num_speakers: "3",
      powerset_max_classes: "2",
      num_classes: "7",
    },
  });
  const halves = new Float32Array(FEATURES * 2);
  for (let feature = 0; feature < FEATURES; feature++) halves[feature * 2 + (feature < FEATURES / 2 ? 0 : 1)] = 1;
  const embedding = onnxModel({
    inputs: [{ name: "feats", shape: ["N", "T", FEATURES] }],
    outputs: [{ name: "embs", shape: ["N", 2] }],
    weights: [
      { name: "floor", shape: [1], floats: [FLOOR] },
      { name: "halves", shape: [FEATURES, 2], floats: halves },
    ],
    nodes: [
      { op: "Sub", from: ["feats", "floor"], to: ["above"] },
      { op: "Relu", from: ["above"], to: ["sound"] },
      { op: "ReduceMean", from: ["sound"], to: ["mean"], ints: { axes: [1], keepdims: 0 } },
      { op: "MatMul", from: ["mean", "halves"], to: ["sums"] },
      { op: "Softmax", from: ["sums"], to: ["embs"], ints: { axis: -1 } },
    ],
    metadata: {
      framework: "wespeaker",
      language: "English",
      output_dim: "2",
      sample_rate: "16000",
      normalize_samples: "1",
    },
  });
  return written(folder, { "segmentation.onnx": segmentation, "embedding.onnx": embedding });
}

/** A folder with these files. */
export function written(folder: string, files: Readonly<Record<string, Uint8Array | string>>): string {
  mkdirSync(folder, { recursive: true });
  for (const [name, bytes] of Object.entries(files)) writeFileSync(join(folder, name), bytes);
  return folder;
}
