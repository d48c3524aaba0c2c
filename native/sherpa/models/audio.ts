import { type ModelFile, ModelFolder, requireFile } from "./folder.ts";

export interface DenoiserModel {
  readonly family: string;
  readonly sampleRateHz: number;
  readonly files: readonly string[];
  readonly config: object;
}

export interface DiariserModel {
  readonly files: readonly string[];
  readonly config: object;
}

export interface DiariserSettings {
  readonly quantised: boolean;
  readonly threads: number;
  /** How many speak; 0 where that is not known. */
  readonly speakers: number;
  /** From 0 to 1: how unlike two voices have to be to count as two speakers, where their number is not known. */
  readonly threshold: number;
}

/** The families, for people. */
export const DENOISER_FAMILIES = ["GTCRN or DPDFNet with one .onnx"] as const;
export const DIARISER_FAMILIES = [
  "a segmentation model (pyannote, or one exported like it) and a speaker embedding model (WeSpeaker, 3D-Speaker, NeMo), one .onnx each",
] as const;

/** @throws EngineError FILE_NOT_FOUND, FILE_UNREADABLE, MODEL_UNFIT; each names the file. */
export function denoiserModel(path: string, settings: { quantised: boolean; threads: number }): DenoiserModel {
  const folder: ModelFolder = new ModelFolder(path, settings.quantised);
  const [file, ...more] = folder.onnx();
  if (!file || more.length > 0) folder.unfit("denoiser, of one file");
  const type = file.facts.metadata.model_type ?? "";
  const spectrum = ["sample_rate", "n_fft", "hop_length", "window_length", "window_type"];
  const caches = ["conv_cache_shape", "tra_cache_shape", "inter_cache_shape"];
  if (type === "gtcrn") requireFile(file, { what: "a GTCRN model", metadata: [...spectrum, "version", ...caches] });
  else if (type.startsWith("dpdfnet")) requireFile(file, { what: "a DPDFNet model", metadata: spectrum });
  else folder.unfit(`denoiser (${file.name} says model_type ${type || "nothing"})`);
  const key = type === "gtcrn" ? "gtcrn" : "dpdfnet";
  return {
    family: type === "gtcrn" ? "GTCRN" : "DPDFNet",
    sampleRateHz: Number(file.facts.metadata.sample_rate),
    files: [file.path],
    config: { model: { [key]: { model: file.path }, numThreads: settings.threads, provider: "cpu", debug: false } },
  };
}

/** @throws EngineError FILE_NOT_FOUND, FILE_UNREADABLE, MODEL_UNFIT; each names the file. */
export function diariserModel(path: string, settings: DiariserSettings): DiariserModel {
  const folder: ModelFolder = new ModelFolder(path, settings.quantised);
  const all = folder.onnx();
  const segmentation = all.find(has("powerset_max_classes"));
  const embedding = all.find(has("framework"));
  if (!segmentation) folder.unfit("segmentation model: none of its files says powerset_max_classes");
  if (!embedding) folder.unfit("speaker embedding model: none of its files says framework");
  const windows = ["sample_rate", "window_size", "receptive_field_size", "receptive_field_shift"];
  requireFile(segmentation, { what: "a segmentation model", metadata: [...windows, "num_speakers", "num_classes"] });
  requireFile(embedding, { what: "a speaker embedding model", metadata: ["sample_rate", "output_dim", "language"] });
  const common = { numThreads: settings.threads, provider: "cpu", debug: false };
  return {
    files: [segmentation.path, embedding.path],
    config: {
      segmentation: { pyannote: { model: segmentation.path }, ...common },
      embedding: { model: embedding.path, ...common },
      clustering: { numClusters: settings.speakers > 0 ? settings.speakers : -1, threshold: settings.threshold },
      minDurationOn: 0.2,
      minDurationOff: 0.5,
    },
  };
}

const has =
  (key: string) =>
  ({ facts }: ModelFile): boolean =>
    key in facts.metadata;
