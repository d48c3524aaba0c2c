export type { Control } from "./control.ts";
export type {
  AudioFrame,
  DataFrame,
  EncodedFrame,
  Frame,
  FrameKind,
  RecordingFrame,
  SpeechMark,
  TextFrame,
  TextRole,
  Word,
} from "./frame.ts";
export {
  type AudioFormat,
  durationMs,
  endSample,
  msToSamples,
  positionMs,
  rescaleSamples,
  sampleCount,
  samplesToMs,
  samplesToUs,
} from "./time.ts";
