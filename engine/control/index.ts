export {
  type Caller,
  type KeyBook,
  type Keys,
  type KeyView,
  type NewKey,
  type Page,
  type PageRequest,
  type Quotas,
  SCOPES,
  type Scope,
  type TokenRequest,
  type Tokens,
} from "./api/access.ts";
export type { Control, ControlOptions, Figures, Health } from "./api/control.ts";
export type { OpenGateway, OwnPort } from "./api/gateways.ts";
export type {
  AttachRequest,
  AudioInlet,
  InputTrack,
  LiveSession,
  OutputEncoding,
  OutputTrack,
  SessionListener,
  SessionMessage,
  TrackEncoding,
  TrackFormat,
} from "./api/live.ts";
export {
  type ArtifactView,
  type FileToSend,
  type FinalView,
  type Followed,
  type FollowRequest,
  type InputBinding,
  type Keep,
  type RunAccounts,
  type RunFilter,
  type RunState,
  type Runs,
  type RunView,
  type StartOptions,
  type StartRun,
  TRANSCRIPT_FORMATS,
  type TranscriptFormat,
  type TranscriptRequest,
  type UsageFilter,
  type UsageLine,
} from "./api/runs.ts";
export {
  type Callbacks,
  type DeliveryView,
  JOB_STATES,
  type JobItemView,
  type JobState,
  type Jobs,
  type JobView,
  type NewWebhook,
  type PlanView,
  type StartJob,
  type Uploads,
  type UploadView,
  WEBHOOK_EVENTS,
  type WebhookEvent,
  type Webhooks,
  type WebhookView,
  type Workflows,
  type WorkflowView,
} from "./api/work.ts";
export { defaultServerConfig, readServerConfig, type ServerConfig, serverConfigSchema } from "./config.ts";
export { openKeys } from "./keys/open-keys.ts";
export { RUN_MESSAGES, type RunMessage, type RunMessageType } from "./messages.ts";
export { openControl } from "./open-control.ts";
