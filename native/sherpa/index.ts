export { loadSherpa, sherpaVersion } from "./library.ts";
export { type ModelFacts, readModel, requireModel, type WantedModel } from "./model-file.ts";
export { BUNDLED_SILERO, bundledSilero, SILERO_WINDOW_SAMPLES, type SileroSettings, SileroVad } from "./silero.ts";
