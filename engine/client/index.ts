export { EngineError, type ErrorCode } from "#engine/errors";
export type { CallOptions, ConnectOptions } from "./calls.ts";
export { type FollowOptions, readEvents } from "./events.ts";
export { HeldAudio } from "./held-audio.ts";
export { HeldTexts } from "./held-texts.ts";
export { Live, type LiveOptions } from "./live.ts";
export { type ChooseWorkflow, Parlando, type Recording } from "./parlando.ts";
export type { LiveEvents, Ready } from "./told.ts";
export type {
  AudioPiece,
  Finding,
  InputBinding,
  InputTrack,
  Labels,
  OutputEncoding,
  OutputTrack,
  Page,
  Run,
  RunEvent,
  RunState,
  StartRun,
  TextData,
  TrackFormat,
  Transcribed,
  Upload,
  Workflow,
} from "./types.ts";
