export * from "../audio/index.ts";
export { asEngineError, EngineError, type ErrorCode } from "../errors/index.ts";
export {
  type AudioFormat,
  type AudioFrame,
  type Control,
  type DataFrame,
  durationMs,
  type EncodedFrame,
  endSample,
  type Frame,
  type FrameKind,
  msToSamples,
  positionMs,
  type RecordingFrame,
  rescaleSamples,
  type SpeechMark,
  sampleCount,
  samplesToMs,
  samplesToUs,
  type TextFrame,
  type TextRole,
  type Word,
} from "../frames/index.ts";
export type { Artifact, ArtifactOptions } from "./artifact.ts";
export type { Clock } from "./clock.ts";
export type { Logger, NodeContext, NodeEvent, UsageUnit } from "./context.ts";
export { describeNode, type FieldPage, type NodePage } from "./describe.ts";
export { type FieldFacts, fieldFacts, fromEnv, live, path, secret } from "./fields.ts";
export {
  type AwaitableEmit,
  type BatchItem,
  type Conversion,
  defineNode,
  type Effect,
  type Emit,
  type InlineNode,
  type NodeDefinition,
  type Opens,
  type Received,
  type Role,
  type TaskInput,
  type TaskNode,
} from "./node.ts";
export {
  definePlugin,
  type Engine,
  type EngineFound,
  type EngineMissing,
  NodeTypes,
  type Plugin,
} from "./plugin.ts";
export {
  type AudioLimits,
  defaultPort,
  type InputPort,
  type InputPorts,
  type OutputAudio,
  type OutputPort,
  type OutputPorts,
  type TextDetail,
} from "./ports.ts";
export {
  debianRoots,
  debianTriplet,
  type Environment,
  findProgram,
  hostEnvironment,
  killGroup,
  type Program,
  type RunOptions,
  runProgram,
  userDebianRoot,
} from "./programs.ts";
export type { Resource } from "./resource.ts";
export { type Candidate, type SuperviseOptions, supervise, withFallback, withRetry } from "./supervise.ts";
