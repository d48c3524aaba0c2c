import { onnxModel } from "../onnx.ts";
import { FEATURES, type Heard, hearing } from "./scoring.ts";

/** Words, then tokens that are none: the beginning, the end, and those that this one never says. */
const SPECIAL = ["sot", "eot", "blank_id", "no_timestamps", "no_speech", "transcribe", "translate"];
export const WHISPER_WORDS: readonly Heard[] = ["low", "high"];
const WHISPER_TOKENS = WHISPER_WORDS.length + SPECIAL.length;

/** What is louder over the whole of a recording, as what the decoder looks at. */
export function whisperEncoder(): Uint8Array {
  const tokens: readonly Heard[] = [...WHISPER_WORDS, ...SPECIAL.map((): Heard => "none")];
  return onnxModel({
    inputs: [{ name: "mel", shape: ["N", FEATURES, "T"] }],
    outputs: ["n_layer_cross_k", "n_layer_cross_v"].map((name) => ({ name, shape: [1, "N", "A", WHISPER_TOKENS] })),
    weights: [
      { name: "weights", shape: [FEATURES, WHISPER_TOKENS], floats: hearing(1, tokens) },
      { name: "layer", shape: [1], ints: [0] },
    ],
    nodes: [
      { op: "Transpose", from: ["mel"], to: ["frames"], ints: { perm: [0, 2, 1] } },
      { op: "ReduceMean", from: ["frames"], to: ["mean"], ints: { axes: [1], keepdims: 1 } },
      { op: "MatMul", from: ["mean", "weights"], to: ["scores"] },
      { op: "Unsqueeze", from: ["scores", "layer"], to: ["n_layer_cross_k"] },
      { op: "Identity", from: ["n_layer_cross_k"], to: ["n_layer_cross_v"] },
    ],
    metadata: {
      model_type: "whisper-tiny.en",
      n_mels: `${FEATURES}`,
      n_text_layer: "1",
      n_text_ctx: "8",
      n_text_state: "1",
      n_vocab: `${WHISPER_TOKENS}`,
      is_multilingual: "0",
      sot_sequence: `${WHISPER_WORDS.length}`,
      ...Object.fromEntries(SPECIAL.map((name, i) => [name, `${WHISPER_WORDS.length + i}`])),
    },
  });
}

/** Says a word at the beginning, and behind a word that it was all. */
export function whisperDecoder(): Uint8Array {
  const eot = WHISPER_WORDS.length + SPECIAL.indexOf("eot");
  const next = Float32Array.from({ length: WHISPER_TOKENS * WHISPER_TOKENS }, (_, i) =>
    i % WHISPER_TOKENS === eot && i < WHISPER_WORDS.length * WHISPER_TOKENS ? 1000 : 0,
  );
  const caches = ["self_k", "self_v"];
  const cache = (name: string) => ({ name, shape: [1, "N", 8, 1] });
  return onnxModel({
    inputs: [
      { name: "tokens", type: "int64", shape: ["N", "n"] },
      ...caches.map((name) => cache(`in_${name}`)),
      ...["cross_k", "cross_v"].map((name) => ({ name, shape: [1, "N", "A", WHISPER_TOKENS] })),
      { name: "offset", type: "int64", shape: [1] },
    ],
    outputs: [{ name: "logits", shape: ["N", "n", WHISPER_TOKENS] }, ...caches.map((name) => cache(`out_${name}`))],
    weights: [
      { name: "next", shape: [WHISPER_TOKENS, WHISPER_TOKENS], floats: next },
      { name: "layer", shape: [1], ints: [0] },
    ],
    nodes: [
      { op: "Gather", from: ["next", "tokens"], to: ["behind"], ints: { axis: 0 } },
      { op: "Squeeze", from: ["cross_k", "layer"], to: ["heard"] },
      { op: "Add", from: ["behind", "heard"], to: ["logits"] },
      ...caches.map((name) => ({ op: "Identity", from: [`in_${name}`], to: [`out_${name}`] })),
    ],
  });
}
