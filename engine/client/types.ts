import type { Frame } from "#engine/frames";

/** What the API says, as it says it. `/openapi.json` of a server is the full description. */
export type RunState =
  | "fetching"
  | "starting"
  | "running"
  | "draining"
  | "done"
  | "failed"
  | "cancelled"
  | "interrupted";

export type Labels = Readonly<Record<string, string>>;

export interface TrackFormat {
  readonly encoding: "s16le" | "mulaw" | "alaw" | "opus";
  readonly sampleRateHz: number;
  readonly channels: number;
}

/** How audio comes out; `mp3` and `ogg` (Vorbis) are a file that grows. */
export type OutputEncoding = TrackFormat["encoding"] | "mp3" | "ogg";

export type InputBinding =
  | { readonly live: TrackFormat | { readonly kind: "text" } }
  | { readonly upload: string }
  | { readonly url: string };

export interface StartRun {
  /** A stored workflow (`name` or `name@3`), or one that comes along as YAML. */
  readonly workflow: string | { readonly text: string; readonly name?: string };
  readonly inputs?: Readonly<Record<string, InputBinding>>;
  readonly params?: Readonly<Record<string, unknown>>;
  readonly labels?: Labels;
  /** For this run alone; never stored. */
  readonly secrets?: Readonly<Record<string, string>>;
  readonly keep?: "none" | "text" | "all";
  readonly record?: boolean;
}

export interface InputTrack {
  readonly track: string;
  /** Recordings and packets come through gateways only. */
  readonly kind: "audio" | "text" | "recording" | "encoded";
  readonly format?: TrackFormat;
  /** Everything before this sample has arrived. */
  readonly received: number;
  /** Everything before this sample is safe. */
  readonly kept: number;
  readonly windowSamples: number;
  readonly ended: boolean;
}

export interface OutputTrack {
  readonly track: string;
  readonly kinds: readonly Frame["kind"][];
  readonly sampleRateHz?: number;
  readonly channels?: number;
}

export interface Run {
  readonly id: string;
  readonly project: string;
  readonly workflow: { readonly name: string; readonly version?: number };
  readonly state: RunState;
  readonly labels: Labels;
  readonly createdAtMs: number;
  readonly endedAtMs?: number;
  readonly generation: number;
  readonly error?: { readonly code: string; readonly message: string };
  readonly inputs: readonly InputTrack[];
  readonly outputs: readonly OutputTrack[];
  readonly lastEventId: number;
  readonly keep: "none" | "text" | "all";
}

export interface TextData {
  readonly output: string;
  readonly node: string;
  readonly role: "transcript" | "translation" | "prompt";
  readonly text: string;
  readonly utterance: string;
  readonly revision: number;
  readonly final: boolean;
  readonly stableChars: number;
  readonly startSample: number;
  readonly endSample: number;
  readonly sampleRateHz: number;
  readonly language?: string;
  readonly speaker?: string;
  readonly channel?: number;
  readonly confidence?: number;
}

interface Said<Type extends string, Data> {
  /** From 1, without gaps, the same everywhere. Absent: told live only. */
  readonly id?: number;
  readonly run: string;
  readonly type: Type;
  readonly version: number;
  /** Unix time, ms. */
  readonly atMs: number;
  readonly generation: number;
  readonly labels: Labels;
  readonly data: Data;
}

interface Failure {
  readonly code: string;
  readonly message: string;
}

export type RunEvent =
  | Said<"run.state", { readonly state: RunState }>
  | Said<"run.resumed", { readonly generation: number; readonly from: Readonly<Record<string, number>> }>
  | Said<
      "run.ended",
      {
        readonly state: "done" | "failed" | "cancelled";
        readonly drained: boolean;
        readonly error?: Failure;
        readonly failures: readonly { readonly node: string; readonly code: string; readonly message: string }[];
        readonly durationMs: number;
      }
    >
  | Said<"text.partial" | "text.final", TextData>
  | Said<
      "speech",
      {
        readonly output: string;
        readonly node: string;
        readonly mark: "start" | "end";
        readonly utterance: string;
        readonly atSample: number;
        readonly sampleRateHz: number;
      }
    >
  | Said<
      "data",
      {
        readonly output: string;
        readonly node: string;
        readonly topic: string;
        readonly value: unknown;
        readonly atSample: number;
        readonly sampleRateHz: number;
      }
    >
  | Said<"node", { readonly node: string; readonly type: string; readonly [fact: string]: unknown }>
  | Said<"node.failed", { readonly node: string; readonly error: Failure; readonly ends: boolean }>
  | Said<
      "artifact",
      {
        readonly node: string;
        readonly name: string;
        readonly bytes: number;
        readonly mediaType?: string;
        readonly partial: boolean;
      }
    >;

export interface Page<T> {
  readonly items: readonly T[];
  readonly next?: string;
}

export interface Finding {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly severity: "error" | "warning" | "note";
  readonly code: string;
  readonly message: string;
}

export interface Workflow {
  readonly name: string;
  readonly version: number;
  readonly description?: string;
  readonly createdAtMs: number;
  readonly inputs: readonly { readonly name: string; readonly kind: string }[];
  readonly outputs: readonly string[];
}

export interface Upload {
  readonly id: string;
  readonly bytes: number;
  readonly name?: string;
  readonly mediaType?: string;
  readonly createdAtMs: number;
}

export interface Transcribed {
  readonly run: string;
  readonly text: string;
  readonly finals: readonly {
    readonly role: "transcript" | "translation" | "prompt";
    readonly text: string;
    readonly startMs: number;
    readonly endMs: number;
    readonly language?: string;
    readonly speaker?: string;
    readonly confidence?: number;
  }[];
}

/** A piece of an output's audio. */
export interface AudioPiece {
  readonly encoding: OutputEncoding;
  readonly sampleRateHz: number;
  readonly channels: number;
  readonly track: string;
  /** From the beginning of the track in this generation of the run. */
  readonly startSample: number;
  readonly generation: number;
  readonly bytes: Uint8Array;
}
