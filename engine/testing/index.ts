export {
  audioNodeContract,
  type Check,
  type GatewaySubject,
  gatewayContract,
  type MakeGatewaySubject,
  type MakeSubject,
  type MakeVendorSubject,
  nodeContract,
  recogniserContract,
  registerContract,
  type SinkSubject,
  type Subject,
  type Surroundings,
  sinkContract,
  sourceContract,
  synthesiserContract,
  translatorContract,
  type VendorService,
  type VendorSubject,
  vendorContract,
  vendorInterpreterContract,
  vendorRecogniserContract,
  vendorSynthesiserContract,
  vendorTranslatorContract,
} from "./contract.ts";
export { type Driven, type DriveOptions, driveNode } from "./drive.ts";
export { type Emulator, type EmulatorOptions, emulate } from "./emulator.ts";
export { TestGatewayHost, type TestHostOptions } from "./gateway-host.ts";
export { type LiveOptions, liveChecks, liveSession } from "./live/live-checks.ts";
export { type RecordedMessage, type Recorder, RecordingNetwork } from "./live/recording-network.ts";
export { LiveInput } from "./live-input.ts";
export {
  type CheckGroup,
  definePluginSubjects,
  type NodeSubject,
  type PluginSubjects,
  pluginChecks,
} from "./plugin/plugin-checks.ts";
export { ReadInput } from "./read-input.ts";
export { comparableWords, sumWordErrors, type WordErrors, wordErrorRate, wordErrors } from "./wer.ts";
export type { Problem } from "./workflows/judge.ts";
export { junitReport } from "./workflows/junit.ts";
export { type FileResult, runWorkflowTests, type TestOptions, type TestResult } from "./workflows/run-tests.ts";
