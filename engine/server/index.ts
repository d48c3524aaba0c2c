export { type AppOptions, createApp } from "./app.ts";
export type { Example } from "./calls/ports.ts";
export { type EmulatorOptions, openEmulator, type RunningEmulator } from "./gateways/emulator.ts";
export {
  type GatewayListeners,
  type ListenGatewaysOptions,
  listenGateways,
  readTls,
} from "./gateways/listen-gateways.ts";
export { Counts } from "./http/counts.ts";
export { checkDoor, type DoorRules, doorRules, isLoopback } from "./http/guard.ts";
export { jsonDepth } from "./http/limits.ts";
export type { Env } from "./http/routes.ts";
export { wantedPart } from "./http/send-file.ts";
export { type Listening, type ListenOptions, listen } from "./listen.ts";
export { createLog, LOG_LEVELS, type LogLevel } from "./log.ts";
export { encodeAudio, HEADER_BYTES } from "./stream/audio-header.ts";
export { Connection, type ConnectionOptions, type Wire } from "./stream/connection.ts";
export { CLIENT_MESSAGES, clientMessageSchema, SERVER_MESSAGES, serverMessageSchema } from "./stream/messages.ts";
export { WIRE_FORMATS, type WireFormat } from "./stream/wire-format.ts";
