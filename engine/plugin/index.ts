export { z } from "zod";
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
export { byUtterance, takesFiles } from "./by-utterance.ts";
export type { Acknowledgement, Callback, CallbackName, CallbackRequest, Desk, Durable } from "./callback.ts";
export type { Clock } from "./clock.ts";
export { type DecodedContainer, isDecoded, openDecoder } from "./codec/decoder.ts";
export type { AudioDecoder } from "./codec/decoding.ts";
export { fittingRate, openEncoder, prepareEncoder } from "./codec/encoder.ts";
export {
  type AudioEncoder,
  ENCODED_CONTAINERS,
  type EncodedContainer,
  type EncoderOptions,
  type MakeEncoder,
  MEDIA_TYPES,
} from "./codec/encoding.ts";
export { joinPcm } from "./codec/join-pcm.ts";
export { isOgg, isOpusHead, type OggOpusFacts, OggOpusWriter, OggReader } from "./codec/ogg.ts";
export { openCoders } from "./codec/open-coders.ts";
export {
  loadOpus,
  OPUS_PACKET_MS,
  OPUS_RATES_HZ,
  type OpusCodec,
  type OpusDecoder,
  type OpusEncoder,
  type OpusEncoderOptions,
  opusPacketSamples,
} from "./codec/opus.ts";
export type { Logger, NodeContext, NodeEvent, UsageUnit } from "./context.ts";
export { describeNode, type FieldPage, type NodePage } from "./describe.ts";
export { type FieldFacts, fieldFacts, fromEnv, live, path, secret } from "./fields.ts";
export { FrameInput } from "./frame-input.ts";
export { type GateSettings, gateSchema } from "./gate/settings.ts";
export { GATE_PORT, withGate } from "./gate.ts";
export { equalSecrets, keyOfSealed, keyOfWord, sealToken } from "./gateway/credentials.ts";
export { type DoorOptions, type GatewayDoors, gatewayDoors } from "./gateway/doors.ts";
export { FaultPlan } from "./gateway/fault-plan.ts";
export {
  type Fault,
  type FaultKind,
  type FaultScript,
  faultSchema,
  faultScriptSchema,
} from "./gateway/faults.ts";
export {
  type Caller,
  type Client,
  defineGateway,
  type FaultAnswer,
  type Gateway,
  type GatewayDefinition,
  type GatewayExample,
  type GatewayPlace,
  type GatewaySpec,
  type GatewayStream,
  type HttpMount,
  type Mount,
  type SocketMount,
  type TcpMount,
} from "./gateway/gateway.ts";
export type {
  GatewayHost,
  GatewayKey,
  GatewayOutcome,
  GatewayRun,
  GatewayStart,
  MappedWorkflow,
} from "./gateway/host.ts";
export { promptFrame } from "./gateway/prompt-frame.ts";
export {
  type DecodedRecording,
  type RecordingHeard,
  type RecordingRequest,
  recogniseRecording,
} from "./gateway/recording-run.ts";
export { refusedParams } from "./gateway/refused-params.ts";
export { SentenceCutter } from "./gateway/sentence-cutter.ts";
export { type RunListener, ServedRun } from "./gateway/served-run.ts";
export { SpokenCall, type SpokenCallRequest } from "./gateway/spoken-call.ts";
export { SpokenOut, type SpokenOutFormat, type SpokenOutOptions } from "./gateway/spoken-out.ts";
export type { HeardWord, Reading } from "./hearing/heard-utterance.ts";
export {
  type UtteranceEngine,
  UtteranceListener,
  type UtteranceListenerSettings,
} from "./hearing/utterance-listener.ts";
export { Intake } from "./intake.ts";
export { abortable } from "./link/abortable.ts";
export { credentialKey } from "./link/credential.ts";
export type { Door, Incoming, Listener, Outgoing, ServerNetwork, TlsTexts, Upgrade } from "./link/door.ts";
export { CredentialLimits, credentialLimits, type LimitSettings } from "./link/limits.ts";
export { type LinkNodeOptions, linkNode } from "./link/link-node.ts";
export type {
  Connection,
  ConnectionEnd,
  DialRequest,
  HttpRequest,
  HttpResponse,
  Message,
  Network,
} from "./link/network.ts";
export { LinkPool, linkPool } from "./link/pool.ts";
export type { Attempt, LinkProtocol, Peer, PeerSession, Session, Wire } from "./link/protocol.ts";
export { serverSent } from "./link/server-sent.ts";
export { DEFAULT_LINK, type LinkSettings, linkSchema, linkSettings } from "./link/settings.ts";
export { splitText } from "./link/split-text.ts";
export { SpokenPcm, type SpokenSoFar, type SpokenWord, spokenText } from "./link/spoken-pcm.ts";
export { StreamFraming } from "./link/stream-framing.ts";
export { type TextFacts, Texts } from "./link/texts.ts";
export { Timeline } from "./link/timeline.ts";
export { type Token, TokenCache, type TokenRequest, tokenCache } from "./link/token-cache.ts";
export { traceLine } from "./link/trace.ts";
export {
  type AwaitableEmit,
  type BatchItem,
  type Conversion,
  type Delay,
  defineNode,
  type Effect,
  type Emit,
  type InlineNode,
  type Languages,
  type NodeDefinition,
  type Opens,
  type Received,
  type Role,
  type StandsIn,
  type TakeFrame,
  type TaskInput,
  type TaskNode,
  type Wanted,
} from "./node.ts";
export { nodeMarkdown } from "./node-markdown.ts";
export { type Outbox, type OutgoingPost, postHeaders, signatureOf } from "./outbox.ts";
export { checkPlugin, pluginEntrySchema, VERSION } from "./outside.ts";
export {
  definePlugin,
  type Engine,
  type EngineFound,
  type EngineMissing,
  type ModelFound,
  type ModelKind,
  NodeTypes,
  type Plugin,
  type PluginFailure,
  type PluginSource,
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
export { type AnswerWatch, answerWatch } from "./speaking/answer-watch.ts";
export { type SentenceEngine, SentenceSpeaker, type SentenceSpeakerSettings } from "./speaking/sentence-speaker.ts";
export { spokenSentences } from "./speaking/sentences.ts";
export { looksLikeSsml, readSsml, requireSsml } from "./ssml.ts";
export type { Local } from "./stand-in/local.ts";
export { type FindLocal, localsAmong, needsStandIn, type StandIn, standIn } from "./stand-in.ts";
export { type Candidate, type SuperviseOptions, supervise, withFallback, withRetry } from "./supervise.ts";
export { TextWork } from "./text-work.ts";
export { Endpointing, type EndpointingSettings, lookbackSamples, type Step } from "./vad/endpointing.ts";
export { FrameRing } from "./vad/frame-ring.ts";
export { type FrameSteps, Segmenter, type SegmenterSettings } from "./vad/segmenter.ts";
export { segmentDelays, segmentSettings } from "./vad/settings.ts";
