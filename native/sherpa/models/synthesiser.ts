import { type ModelFile, ModelFolder, requireFile } from "./folder.ts";

export interface SynthesiserModel {
  readonly family: string;
  /** BCP 47 where the model says it in a form that is known. */
  readonly sampleRateHz: number;
  readonly files: readonly string[];
  readonly config: object;
}

/** The families, for people. */
export const SYNTHESISER_FAMILIES = [
  "VITS (Piper, Coqui, MeloTTS, icefall) with one .onnx, tokens.txt, and espeak-ng-data/ or lexicon.txt as the model has it",
  "Matcha with the acoustic model, a vocoder (vocos*.onnx or hifigan*.onnx), tokens.txt, and espeak-ng-data/ or lexicon.txt",
  "Kokoro and Kitten with one .onnx, voices.bin, tokens.txt, espeak-ng-data/",
] as const;

/**
 * Looks at the folder of a synthesiser and says what it is.
 * @throws EngineError FILE_NOT_FOUND, FILE_UNREADABLE, MODEL_UNFIT; each names the file.
 */
export function synthesiserModel(path: string, settings: { quantised: boolean; threads: number }): SynthesiserModel {
  const folder: ModelFolder = new ModelFolder(path, settings.quantised);
  const tokens = folder.tokens();
  const all = folder.onnx();
  const vocoder = all.find(({ name }) => VOCODER.test(name));
  const [file, ...more] = all.filter((each) => each !== vocoder);
  if (!file || more.length > 0) folder.unfit("synthesiser");
  const { family, key, model } = partsOf(folder, file, vocoder);
  return {
    family,
    sampleRateHz: Number(file.facts.metadata.sample_rate),
    files: [file.path, ...(vocoder ? [vocoder.path] : []), tokens],
    config: {
      model: { [key]: { ...model, tokens }, numThreads: settings.threads, provider: "cpu", debug: false },
      maxNumSentences: 1,
    },
  };
}

const VOCODER = /^(?:vocos|hifigan)/i;

function partsOf(folder: ModelFolder, file: ModelFile, vocoder: ModelFile | undefined) {
  const type = file.facts.metadata.model_type ?? "";
  if (vocoder || type.startsWith("matcha")) {
    requireFile(file, { what: "a Matcha model", metadata: ["sample_rate", "n_speakers", "pad_id"] });
    if (!vocoder) folder.unfit("vocoder (vocos*.onnx or hifigan*.onnx) beside the Matcha model");
    const model = { acousticModel: file.path, vocoder: vocoder.path, ...pronunciation(folder, file) };
    return { family: "Matcha", key: "matcha", model };
  }
  const voices = folder.find(/^voices\.bin$/);
  if (voices !== undefined || /kokoro|kitten/i.test(type)) {
    const kitten = /kitten/i.test(type);
    requireFile(file, { what: kitten ? "a Kitten model" : "a Kokoro model", metadata: ["sample_rate", "n_speakers"] });
    const model = {
      model: file.path,
      voices: folder.need(/^voices\.bin$/, "voices.bin"),
      dataDir: folder.need(/^espeak-ng-data$/, "espeak-ng-data"),
    };
    return kitten ? { family: "Kitten", key: "kitten", model } : { family: "Kokoro", key: "kokoro", model };
  }
  const metadata = ["sample_rate", "n_speakers", "language", "comment"];
  requireFile(file, { what: "a VITS model", inputs: VITS_INPUTS, metadata });
  return { family: "VITS", key: "vits", model: { model: file.path, ...pronunciation(folder, file) } };
}

/** Of icefall and MeloTTS, then of Piper and Coqui. */
const VITS_INPUTS = [
  ["x", "x_length"],
  ["x", "x_lengths"],
  ["input", "input_lengths", "scales"],
] as const;

/** How letters become sounds: by espeak-ng's data, by a list of words, or not at all. The library ends where what it needs is not there. */
function pronunciation(folder: ModelFolder, { facts }: ModelFile): object {
  const { comment = "", frontend, voice = "" } = facts.metadata;
  if (frontend === "characters") return {};
  const lexicon = folder.find(/^lexicon.*\.txt$/);
  if (/piper|coqui/.test(comment) || (voice !== "" && lexicon === undefined))
    return { dataDir: folder.need(/^espeak-ng-data$/, "espeak-ng-data") };
  const dataDir = folder.find(/^espeak-ng-data$/);
  const words = lexicon ?? folder.need(/^lexicon\.txt$/, "lexicon.txt");
  return { lexicon: words, ...(dataDir !== undefined && { dataDir }) };
}
