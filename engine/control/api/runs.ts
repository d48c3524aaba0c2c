import type { EdgeAccount, NodeAccount, RunState as RuntimeState } from "#engine/runtime";
import type { Finding } from "#engine/workflow";
import type { RunMessage } from "../messages.ts";
import type { Caller, Page, PageRequest } from "./access.ts";
import type { AttachRequest, InputTrack, LiveSession, OutputTrack, SessionListener, TrackFormat } from "./live.ts";

/**
 * `fetching`: it waits for inputs that lie elsewhere, and has no nodes yet. `interrupted`: the process ended under it. It goes on when its
 * sender attaches again, or by itself where nothing more is to be sent.
 */
export type RunState = RuntimeState | "fetching" | "interrupted";

/** What is kept of a run beyond its accounts. */
export type Keep = "none" | "text" | "all";

/** What an input of the workflow is bound to. */
export type InputBinding =
  | { readonly live: TrackFormat | { readonly kind: "text" } }
  | { readonly upload: string }
  | { readonly url: string };

/** What an input may be bound to besides, by this process itself. */
export type OwnBinding =
  | InputBinding
  /** A gateway's client sends, and cannot come back: the run is over with the process. */
  | { readonly client: TrackFormat | { readonly kind: "text" | "recording" | "encoded" } }
  /** An absolute path that the configuration leads to. */
  | { readonly file: string };

export interface StartRun {
  /** A stored workflow (`name`, the latest version, or `name@3`), or one that comes along as text. */
  readonly workflow: string | { readonly text: string; readonly name?: string };
  readonly inputs?: Readonly<Record<string, InputBinding>>;
  readonly params?: Readonly<Record<string, unknown>>;
  /** At most 32; names up to 63, values up to 255 characters. They return in every event, webhook and list. */
  readonly labels?: Readonly<Record<string, string>>;
  /** For this run alone, over those of the configuration; never stored. */
  readonly secrets?: Readonly<Record<string, string>>;
  /** May only be less than the configuration keeps. */
  readonly keep?: Keep;
  /** Stores both directions for `/recording`. Needs `keep: all`. */
  readonly record?: boolean;
}

export interface StartOptions {
  /** The same key and the same request within a day return the same run; another request with it is IDEMPOTENCY_CONFLICT. */
  readonly idempotencyKey?: string;
  /** W3C trace context of the request. */
  readonly traceparent?: string;
}

export interface RunView {
  readonly id: string;
  readonly project: string;
  readonly workflow: { readonly name: string; readonly version?: number };
  readonly state: RunState;
  readonly labels: Readonly<Record<string, string>>;
  readonly createdAtMs: number;
  readonly endedAtMs?: number;
  /** Rises each time the run goes on in a new process. */
  readonly generation: number;
  readonly error?: { readonly code: string; readonly message: string };
  readonly inputs: readonly InputTrack[];
  readonly outputs: readonly OutputTrack[];
  /** Of the last durable event. */
  readonly lastEventId: number;
  readonly keep: Keep;
}

export interface RunFilter extends PageRequest {
  readonly state?: RunState;
  readonly workflow?: string;
  /** All of them have to match. */
  readonly labels?: Readonly<Record<string, string>>;
  readonly createdAfterMs?: number;
  readonly createdBeforeMs?: number;
}

export const TRANSCRIPT_FORMATS = ["json", "txt", "srt", "vtt"] as const;
export type TranscriptFormat = (typeof TRANSCRIPT_FORMATS)[number];

export interface TranscriptRequest {
  readonly format: TranscriptFormat;
  /** Of one output of the workflow; absent: of all. */
  readonly output?: string;
  readonly role?: "transcript" | "translation" | "prompt";
  readonly language?: string;
}

export interface FinalView {
  readonly eventId: number;
  readonly output: string;
  readonly node: string;
  readonly role: string;
  readonly utterance: string;
  readonly text: string;
  readonly startMs: number;
  readonly endMs: number;
  readonly language?: string;
  readonly speaker?: string;
  readonly channel?: number;
  readonly confidence?: number;
  readonly words?: readonly { readonly text: string; readonly startMs: number; readonly endMs: number }[];
}

export interface ArtifactView {
  readonly name: string;
  readonly bytes: number;
  readonly mediaType?: string;
  readonly partial: boolean;
  readonly createdAtMs: number;
}

/** A file of a run, to be sent. */
export interface FileToSend {
  readonly path: string;
  readonly bytes: number;
  readonly mediaType: string;
  /** As a download is called. */
  readonly name: string;
}

export interface RunAccounts {
  readonly state: RunState;
  readonly edges: readonly EdgeAccount[];
  readonly nodes: readonly NodeAccount[];
  readonly imbalances: readonly string[];
  /** By input track: how far what is kept lies behind what was received. */
  readonly lagMs: Readonly<Record<string, number>>;
}

export interface UsageFilter {
  readonly run?: string;
  readonly key?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly fromMs?: number;
  readonly toMs?: number;
  /** Default: one line in all. */
  readonly by?: "run" | "key" | "workflow" | { readonly label: string };
}

export interface UsageLine {
  /** Of what `by` names; empty for the sum of all. */
  readonly of: string;
  readonly runs: number;
  readonly audioSeconds: number;
  readonly characters: number;
  readonly requests: number;
  readonly finals: number;
  /** From the end of speech to the stored final, in ms; absent where no final came of live audio. */
  readonly finalLatencyMs?: { readonly p50: number; readonly p95: number };
}

/** Events of a run: stored ones first, then live ones. A slow reader is told how many live ones it missed; stored ones it never misses. */
export type Followed =
  | { readonly type: "event"; readonly event: RunMessage }
  | { readonly type: "missed"; readonly events: number; readonly lastId: number };

export interface FollowRequest {
  /** Default 0: everything. */
  readonly after?: number;
  readonly signal: AbortSignal;
  readonly partials?: boolean;
  readonly outputs?: readonly string[];
}

export interface Runs {
  /**
   * Plans, stores and starts. Returns when the run is stored, before its nodes are ready.
   * @throws EngineError WORKFLOW_INVALID with `details.findings`, WORKFLOW_NOT_FOUND, QUOTA_EXCEEDED, SERVER_BUSY with
   *   `details.retryAfterMs`, SERVER_DRAINING, IDEMPOTENCY_CONFLICT, EFFECT_FORBIDDEN, UPLOAD_NOT_FOUND.
   */
  start(
    caller: Caller,
    request: StartRun,
    options?: StartOptions,
  ): Promise<RunView & { readonly notes: readonly Finding[] }>;
  list(caller: Caller, filter: RunFilter): Promise<Page<RunView>>;
  /** This and all below: RUN_NOT_FOUND where there is none in the caller's project. */
  get(caller: Caller, id: string): Promise<RunView>;
  /** Changes live fields of a node. Throws NODE_NOT_FOUND, FIELD_NOT_LIVE, CONFIG_INVALID, RUN_ENDED. */
  update(caller: Caller, id: string, node: string, fields: Readonly<Record<string, unknown>>): Promise<void>;
  /** Ends the input; what is under way comes out. */
  drain(caller: Caller, id: string): Promise<RunView>;
  cancel(caller: Caller, id: string, reason?: string): Promise<RunView>;
  /** With events, finals, audio and files. Cancels it first if it is going on. */
  delete(caller: Caller, id: string): Promise<void>;
  /** Of all runs that carry these labels; returns how many. At least one label. */
  deleteByLabels(caller: Caller, labels: Readonly<Record<string, string>>): Promise<number>;
  /** Ends after `run.ended`, or when the signal aborts. Throws OUTPUT_UNKNOWN. */
  follow(caller: Caller, id: string, request: FollowRequest): Promise<AsyncIterable<Followed>>;
  transcript(
    caller: Caller,
    id: string,
    request: TranscriptRequest,
  ): Promise<{ readonly mediaType: string; readonly body: string }>;
  finals(caller: Caller, id: string): Promise<readonly FinalView[]>;
  artifacts(caller: Caller, id: string): Promise<readonly ArtifactView[]>;
  /** Throws ARTIFACT_NOT_FOUND. */
  artifact(caller: Caller, id: string, name: string): Promise<FileToSend>;
  /** A WAV with a channel for each track of both directions, aligned by sample. Throws ARTIFACT_NOT_FOUND where none was recorded. */
  recording(caller: Caller, id: string): Promise<FileToSend>;
  accounts(caller: Caller, id: string): Promise<RunAccounts>;
  usage(caller: Caller, filter: UsageFilter): Promise<readonly UsageLine[]>;
  /** Joins a socket to a run. A run that was interrupted goes on with it. Throws RUN_ENDED, SECRET_MISSING. */
  attach(caller: Caller, id: string, request: AttachRequest, listener: SessionListener): Promise<LiveSession>;
}
