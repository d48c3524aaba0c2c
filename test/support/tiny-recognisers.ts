import { onnxModel } from "./onnx.ts";
import { written } from "./tiny-models.ts";
import { ctc, streamingCtc, tdnn } from "./tiny-recognisers/ctc.ts";
import { FLOOR_OF_INTEGERS } from "./tiny-recognisers/scoring.ts";
import { BEFORE, paraformer, senseVoice } from "./tiny-recognisers/stacked.ts";
import { offlineTransducer, predictor, streamingTransducer } from "./tiny-recognisers/transducer.ts";
import { WHISPER_WORDS, whisperDecoder, whisperEncoder } from "./tiny-recognisers/whisper.ts";

/**
 * One recogniser of a family, as small as the library's own loading and decoding code takes it. All of them hear `low` in a low tone and `high`
 * in a high one, by the half of the spectrum that is louder.
 */
export interface TinyRecogniser {
  /** As `sherpa.asr` tells it. */
  readonly family: string;
  readonly streaming: boolean;
  /** Writes the files. @returns the folder */
  make(folder: string): string;
}

const LIST = "<blk> 0\n▁low 1\n▁high 2\n";

const one = (family: string, streaming: boolean, files: () => Record<string, Uint8Array | string>): TinyRecogniser => ({
  family,
  streaming,
  make: (folder) => written(folder, files()),
});

/** NeMo's are in `tiny-models.ts`. */
export const TINY_RECOGNISERS: readonly TinyRecogniser[] = [
  one("transducer", false, () => ({ "encoder.onnx": offlineTransducer(), ...predictor(), "tokens.txt": LIST })),
  one("transducer", true, () => ({ "encoder.onnx": streamingTransducer(), ...predictor(), "tokens.txt": LIST })),
  one("zipformer CTC", false, () => ({
    "model.onnx": onnxModel(ctc({ model_type: "zipformer2_ctc" })),
    "tokens.txt": LIST,
  })),
  one("WeNet CTC", false, () => ({
    "model.onnx": onnxModel(
      ctc({ model_type: "wenet_ctc", vocab_size: "3", subsampling_factor: "4" }, { floor: FLOOR_OF_INTEGERS }),
    ),
    "tokens.txt": LIST,
  })),
  one("tdnn", false, () => ({
    "model.onnx": onnxModel(tdnn()),
    "tokens.txt": LIST,
  })),
  one("zipformer2 CTC", true, () => ({ "model.onnx": onnxModel(streamingCtc()), "tokens.txt": LIST })),
  one("paraformer", false, () => ({
    "model.onnx": paraformer(),
    "tokens.txt": "<blank> 0\n<s> 1\n</s> 2\nlow 3\nhigh 4\n",
  })),
  one("whisper", false, () => ({
    "tiny-encoder.onnx": whisperEncoder(),
    "tiny-decoder.onnx": whisperDecoder(),
    "tokens.txt": WHISPER_WORDS.map((word, i) => `${btoa(` ${word}`)} ${i}\n`).join(""),
  })),
  one("SenseVoice", false, () => ({
    "model.onnx": senseVoice(),
    "tokens.txt": `${LIST}${BEFORE.map((token, i) => `${token} ${i + 3}\n`).join("")}`,
  })),
];
