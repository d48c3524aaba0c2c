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
export { comparableWords, sumWordErrors, type WordErrors, wordErrorRate, wordErrors } from "./wer.ts";
