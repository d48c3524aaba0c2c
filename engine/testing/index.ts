export {
  audioNodeContract,
  type Check,
  type MakeSubject,
  nodeContract,
  recogniserContract,
  registerContract,
  type SinkSubject,
  type Subject,
  sinkContract,
  sourceContract,
  synthesiserContract,
  translatorContract,
} from "./contract.ts";
export { type Driven, type DriveOptions, driveNode } from "./drive.ts";
export { type Emulator, type EmulatorOptions, emulate } from "./emulator.ts";
export { TestGatewayHost, type TestHostOptions } from "./gateway-host.ts";
export { LiveInput } from "./live-input.ts";
export { comparableWords, sumWordErrors, type WordErrors, wordErrorRate, wordErrors } from "./wer.ts";
