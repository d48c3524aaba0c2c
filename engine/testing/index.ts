export { type Driven, type DriveOptions, driveNode } from "./drive.ts";
