import { type ModelFile, ModelFolder, requireFile } from "./folder.ts";

export interface RecogniserSettings {
  /** Takes the smaller files where a folder holds both. */
  readonly quantised: boolean;
  readonly threads: number;
  /** As the model names it: `en`; empty lets the model find out. */
  readonly language: string;
}

/** A folder that was looked at: what to hand to the library. */
export interface RecogniserModel {
  /** As its makers call it. */
  readonly family: string;
  /** Words come while somebody speaks; otherwise each utterance is heard as a whole. */
  readonly streaming: boolean;
  readonly files: readonly string[];
  /** Of the library. */
  readonly config: object;
}

/** What a file says of itself decides the family; a name only says which part of it a file is. */
interface Found {
  readonly family: string;
  readonly streaming: boolean;
  readonly files: readonly ModelFile[];
  readonly model: object;
  /** How many tokens have to be named. */
  readonly tokens: number;
}

/** The families, for people. */
export const RECOGNISER_FAMILIES = [
  "streaming: transducer (zipformer, conformer, lstm) with encoder*.onnx, decoder*.onnx, joiner*.onnx; paraformer with encoder*.onnx, decoder*.onnx; zipformer2 CTC, NeMo CTC or T-one with one .onnx; all with tokens.txt",
  "offline: transducer (zipformer, NeMo) with encoder*.onnx, decoder*.onnx, joiner*.onnx; whisper with *encoder*.onnx, *decoder*.onnx; moonshine with preprocess*.onnx, encode*.onnx, uncached_decode*.onnx, cached_decode*.onnx; paraformer, SenseVoice, NeMo CTC, zipformer CTC, WeNet CTC or tdnn with one .onnx; all with tokens.txt",
] as const;

/**
 * Looks at the folder of a recogniser and says what it is.
 * @throws EngineError FILE_NOT_FOUND, FILE_UNREADABLE, MODEL_UNFIT; each names the file.
 */
export function recogniserModel(path: string, settings: RecogniserSettings): RecogniserModel {
  const folder: ModelFolder = new ModelFolder(path, settings.quantised);
  const found = parts(folder, settings);
  const tokens = folder.tokens(found.tokens);
  return {
    family: found.family,
    streaming: found.streaming,
    files: [...found.files.map((file) => file.path), tokens],
    config: {
      featConfig: { sampleRate: 16_000, featureDim: 80 },
      modelConfig: { ...found.model, tokens, numThreads: settings.threads, provider: "cpu", debug: false },
      decodingMethod: "greedy_search",
      enableEndpoint: false,
    },
  };
}

function parts(folder: ModelFolder, settings: RecogniserSettings): Found {
  const [uncached] = folder.onnx(/uncached_decode/i);
  if (uncached) return moonshine(folder, uncached);
  const [encoder] = folder.onnx(/encoder/i);
  const [decoder] = folder.onnx(/decoder/i);
  const [joiner] = folder.onnx(/joiner/i);
  if (encoder && decoder && joiner) return transducer(encoder, decoder, joiner);
  if (encoder && decoder) return encoderDecoder(folder, encoder, decoder, settings);
  const [model, ...more] = folder.onnx();
  if (!model || more.length > 0) folder.unfit("recogniser");
  return alone(folder, model, settings);
}

/** Beside the features and their length it takes what it gave for the piece before. */
const carriesState = ({ facts }: ModelFile): boolean => facts.inputs.length > 2;

function transducer(encoder: ModelFile, decoder: ModelFile, joiner: ModelFile): Found {
  const streaming = carriesState(encoder);
  const nemo = decoder.facts.outputs.length > 1;
  const what = `the encoder of a ${streaming ? "streaming" : "offline"} ${nemo ? "NeMo " : ""}transducer`;
  const ofNemo = ["vocab_size", "subsampling_factor", "pred_rnn_layers", "pred_hidden"];
  const ofIcefall = streaming ? ["model_type", "T", "decode_chunk_len"] : ["model_type"];
  requireFile(encoder, {
    what,
    metadata: nemo ? [...ofNemo, ...(streaming ? ["window_size", "chunk_shift"] : [])] : ofIcefall,
  });
  if (!nemo) {
    requireFile(decoder, {
      what: "the decoder of a transducer",
      inputs: [["y"]],
      metadata: ["vocab_size", "context_size"],
    });
    requireFile(joiner, { what: "the joiner of a transducer", metadata: ["joiner_dim"] });
  }
  const size = nemo ? vocabulary(encoder) + 1 : vocabulary(decoder);
  return {
    family: nemo ? "NeMo transducer" : "transducer",
    streaming,
    files: [encoder, decoder, joiner],
    model: { transducer: { encoder: encoder.path, decoder: decoder.path, joiner: joiner.path } },
    tokens: size,
  };
}

function encoderDecoder(
  folder: ModelFolder,
  encoder: ModelFile,
  decoder: ModelFile,
  { language }: RecogniserSettings,
): Found {
  const type = encoder.facts.metadata.model_type ?? "";
  const files = [encoder, decoder];
  const paths = { encoder: encoder.path, decoder: decoder.path };
  if (type === "paraformer") {
    const metadata = [
      "vocab_size",
      "lfr_window_size",
      "lfr_window_shift",
      "encoder_output_size",
      "neg_mean",
      "inv_stddev",
    ];
    requireFile(encoder, { what: "the encoder of a streaming paraformer", metadata });
    return { family: "paraformer", streaming: true, files, model: { paraformer: paths }, tokens: vocabulary(encoder) };
  }
  if (type.startsWith("whisper")) {
    const metadata = ["n_mels", "n_text_layer", "n_text_ctx", "n_text_state", "n_vocab", "sot", "eot", "sot_sequence"];
    requireFile(encoder, { what: "the encoder of whisper", metadata });
    const whisper = { ...paths, language, task: "transcribe", tailPaddings: -1 };
    return { family: "whisper", streaming: false, files, model: { whisper }, tokens: 1 };
  }
  return folder.unfit(
    `encoder and decoder of paraformer or whisper (${encoder.name} says model_type ${type || "nothing"})`,
  );
}

function moonshine(folder: ModelFolder, uncached: ModelFile): Found {
  const [preprocessor] = folder.onnx(/preprocess/i);
  const [encoder] = folder.onnx(/encode(?!r)/i);
  const [cached] = folder.onnx(/(?<!un)cached_decode/i);
  if (!preprocessor || !encoder || !cached) folder.unfit("preprocess, encode and cached_decode of moonshine");
  const model = {
    preprocessor: preprocessor.path,
    encoder: encoder.path,
    uncachedDecoder: uncached.path,
    cachedDecoder: cached.path,
  };
  const files = [preprocessor, encoder, uncached, cached];
  return { family: "moonshine", streaming: false, files, model: { moonshine: model }, tokens: 1 };
}

function alone(folder: ModelFolder, file: ModelFile, { language }: RecogniserSettings): Found {
  const { metadata } = file.facts;
  const type = metadata.model_type ?? "";
  const model = file.path;
  const found = (family: string, streaming: boolean, wanted: readonly string[], made: object, more = 0): Found => {
    requireFile(file, { what: `a ${streaming ? "streaming" : "offline"} ${family} model`, metadata: wanted });
    return {
      family,
      streaming,
      files: [file],
      model: made,
      tokens: "vocab_size" in metadata ? vocabulary(file) + more : 1,
    };
  };
  if ("frame_length_ms" in metadata)
    return found("T-one", true, ["frame_length_ms", "state_dim", "sample_rate"], { toneCtc: { model } });
  if (type.startsWith("EncDec")) {
    const common = ["vocab_size", "subsampling_factor"];
    if (carriesState(file)) return found("NeMo CTC", true, [...common, ...NEMO_STATE], { nemoCtc: { model } }, 1);
    return found("NeMo CTC", false, [...common, "normalize_type"], { nemoCtc: { model } }, 1);
  }
  switch (type) {
    case "zipformer2":
      return found("zipformer2 CTC", true, ["T", "decode_chunk_len", "encoder_dims"], { zipformer2Ctc: { model } });
    case "zipformer2_ctc":
      return found("zipformer CTC", false, [], { zipformerCtc: { model } });
    case "wenet_ctc":
      return found("WeNet CTC", false, ["vocab_size", "subsampling_factor"], { wenetCtc: { model } });
    case "paraformer": {
      const wanted = ["vocab_size", "lfr_window_size", "lfr_window_shift", "neg_mean", "inv_stddev"];
      return found("paraformer", false, wanted, { paraformer: { model } });
    }
    case "sense_voice_ctc": {
      const wanted = [
        "vocab_size",
        "lfr_window_size",
        "lfr_window_shift",
        "normalize_samples",
        "with_itn",
        "lang_auto",
      ];
      const senseVoice = { model, language: language || "auto", useInverseTextNormalization: 1 };
      return found("SenseVoice", false, wanted, { senseVoice });
    }
    case "tdnn":
      return found("tdnn", false, ["vocab_size"], { tdnn: { model } });
    default:
      return folder.unfit(`recogniser of a known family (${file.name} says model_type ${type || "nothing"})`);
  }
}

const NEMO_STATE = [
  "window_size",
  "chunk_shift",
  ...["cache_last_channel", "cache_last_time"].flatMap((cache) => [1, 2, 3].map((dim) => `${cache}_dim${dim}`)),
];

const vocabulary = ({ facts }: ModelFile): number => Number(facts.metadata.vocab_size) || 1;
