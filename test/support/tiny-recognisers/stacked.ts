import { onnxModel } from "../onnx.ts";
import { CLASSES, FEATURES, FLOOR_OF_INTEGERS, type Heard, scoring } from "./scoring.ts";

/** Seven frames lie in one, each six later, and come as they are. */
const STACKED = 7;
const LFR = {
  lfr_window_size: `${STACKED}`,
  lfr_window_shift: "6",
  neg_mean: Array(FEATURES * STACKED)
    .fill("0")
    .join(","),
  inv_stddev: Array(FEATURES * STACKED)
    .fill("1")
    .join(","),
};

/** Says one word for a recording, by the mean of all of it. */
export function paraformer(): Uint8Array {
  const classes: readonly Heard[] = ["none", "none", "none", "low", "high"];
  const { weights, nodes } = scoring({ classes, floor: FLOOR_OF_INTEGERS, stacked: STACKED, once: true });
  return onnxModel({
    inputs: [
      { name: "x", shape: ["N", "T", FEATURES * STACKED] },
      { name: "x_lens", type: "int32", shape: ["N"] },
    ],
    outputs: [
      { name: "logits", shape: ["N", "L", classes.length] },
      { name: "token_num", type: "int32", shape: ["N"] },
    ],
    weights,
    nodes: [
      ...nodes,
      { op: "Identity", from: ["raw"], to: ["logits"] },
      { op: "Div", from: ["x_lens", "x_lens"], to: ["token_num"] },
    ],
    metadata: { model_type: "paraformer", vocab_size: `${classes.length}`, ...LFR },
  });
}

/** Language, feeling, kind of sound and manner of writing come first: four tokens of their own. */
export const BEFORE = ["<|en|>", "<|NEUTRAL|>", "<|Speech|>", "<|woitn|>"];

export function senseVoice(): Uint8Array {
  const classes: readonly Heard[] = [...CLASSES, ...BEFORE.map((): Heard => "none")];
  const { weights, nodes } = scoring({ classes, stacked: STACKED, floor: FLOOR_OF_INTEGERS });
  const before = Float32Array.from({ length: BEFORE.length * classes.length }, (_, i) =>
    i % classes.length === CLASSES.length + Math.floor(i / classes.length) ? 1000 : 0,
  );
  // what is nothing is said by the first class alone
  const quiet = classes.map((_, i) => (i < CLASSES.length ? 0 : -500));
  return onnxModel({
    inputs: [
      { name: "x", shape: ["N", "T", FEATURES * STACKED] },
      ...["x_length", "language", "text_norm"].map((name) => ({ name, type: "int32", shape: ["N"] }) as const),
    ],
    outputs: [{ name: "logits", shape: ["N", "T2", classes.length] }],
    weights: [
      ...weights,
      { name: "before", shape: [1, BEFORE.length, classes.length], floats: before },
      { name: "quiet", shape: [classes.length], floats: quiet },
    ],
    nodes: [
      ...nodes,
      { op: "Add", from: ["raw", "quiet"], to: ["heard"] },
      { op: "Concat", from: ["before", "heard"], to: ["logits"], ints: { axis: 1 } },
    ],
    metadata: {
      model_type: "sense_voice_ctc",
      vocab_size: `${classes.length}`,
      normalize_samples: "0",
      with_itn: "14",
      without_itn: "15",
      ...Object.fromEntries(
        ["auto", "zh", "en", "ja", "ko", "yue", "nospeech"].map((name, i) => [`lang_${name}`, `${i}`]),
      ),
      ...LFR,
    },
  });
}
