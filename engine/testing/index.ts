export { type Driven, type DriveOptions, driveNode } from "./drive.ts";
export { comparableWords, sumWordErrors, type WordErrors, wordErrorRate, wordErrors } from "./wer.ts";
