export { shimLibrary } from "./build.ts";
export type { AgoraEvent, AgoraEventType, AgoraFrame, FrameLabels } from "./records.ts";
export { type AgoraAbi, AgoraConnection, AgoraService, type ServiceOptions } from "./service.ts";
