export { SherpaEngine } from "./engine.ts";
export { findSherpa, loadSherpa, sherpaVersion } from "./library.ts";
export { type ModelFacts, readModel, requireModel, type WantedModel } from "./model-file.ts";
export {
  DENOISER_FAMILIES,
  type DenoiserModel,
  DIARISER_FAMILIES,
  type DiariserModel,
  type DiariserSettings,
  denoiserModel,
  diariserModel,
} from "./models/audio.ts";
export { RECOGNISER_FAMILIES, type RecogniserModel, recogniserModel } from "./models/recogniser.ts";
export { SYNTHESISER_FAMILIES, type SynthesiserModel, synthesiserModel } from "./models/synthesiser.ts";
export type { SherpaHeard, SpokenPart } from "./protocol.ts";
export { BUNDLED_SILERO, bundledSilero, SILERO_WINDOW_SAMPLES, type SileroSettings, SileroVad } from "./silero.ts";
