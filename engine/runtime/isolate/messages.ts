import type { ErrorCode } from "#engine/errors";
import type { AudioFormat, Control, Frame } from "#engine/frames";
import type {
  Acknowledgement,
  ArtifactOptions,
  CallbackRequest,
  ConnectionEnd,
  EngineFound,
  EngineMissing,
  HttpRequest,
  Message,
  NodeEvent,
  OutgoingPost,
  UsageUnit,
} from "#engine/plugin";

/** Everything that crosses between a process and the Worker or child process of a plugin; all of it can be cloned. */

/** Frames that may be under way in one direction before its sender waits. */
export const WINDOW_FRAMES = 64;

/** Messages of one connection that may be under way to the plugin. */
export const WINDOW_MESSAGES = 64;

/** An error on its way: without `code` a plain one, a fault of the plugin. */
export interface CrossingError {
  readonly code?: ErrorCode;
  readonly message: string;
  readonly details?: Readonly<Record<string, unknown>>;
}

export type Outcome = { readonly value: unknown } | { readonly error: CrossingError };

/** What a node's context is made of on the other side. */
export interface CrossingFacts {
  readonly runId: string;
  readonly nodeId: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly format?: AudioFormat;
  readonly formats: Readonly<Record<string, AudioFormat | undefined>>;
  readonly tracing: boolean;
  readonly virtual: boolean;
  /** Of the run's clock. */
  readonly nowMs: number;
  /** Of the machine's monotonic clock at that moment, counted from the beginning of Unix time. */
  readonly machineMs: number;
  readonly epochMs: number;
  /** From 0 to below 1: what its random numbers begin with. */
  readonly seed: number;
  /** The first utterance id that it may give out. */
  readonly firstUtterance: string;
  /** Where its temporary folder is to be, should it want one. */
  readonly tempDir: string;
  readonly keepsOutbox: boolean;
}

/** Under a virtual clock: the node that a message is for, the count of messages to it so far, and the time. */
export interface Stamp {
  readonly node: number;
  readonly sequence: number;
  readonly nowMs: number;
}

/** To the plugin. `node` is one node of one run, counted by the child. */
export type Down =
  | {
      readonly kind: "create";
      readonly node: number;
      readonly call: number;
      readonly type: string;
      readonly config: unknown;
      readonly facts: CrossingFacts;
    }
  | { readonly kind: "run" | "close"; readonly node: number; readonly call: number }
  | { readonly kind: "find"; readonly call: number; readonly engine: string }
  | { readonly kind: "frame"; readonly node: number; readonly port: string; readonly frame: Frame }
  | { readonly kind: "inputEnd"; readonly node: number }
  | { readonly kind: "control"; readonly node: number; readonly control: Control }
  | { readonly kind: "update"; readonly node: number; readonly config: unknown }
  | { readonly kind: "abort"; readonly node: number; readonly error: CrossingError }
  /** Frames that were emitted and have found their room. */
  | { readonly kind: "room"; readonly node: number; readonly frames: number }
  | { readonly kind: "timer"; readonly node: number; readonly timer: number }
  | { readonly kind: "answer"; readonly node: number; readonly call: number; readonly outcome: Outcome }
  | { readonly kind: "heard"; readonly connection: number; readonly message: Message; readonly signs: number }
  | { readonly kind: "over"; readonly connection: number; readonly end: ConnectionEnd }
  | { readonly kind: "ping" };

export interface Envelope {
  readonly down: Down;
  readonly stamp?: Stamp;
}

/** From the plugin. */
export type Up =
  | { readonly kind: "ready" }
  | { readonly kind: "refused"; readonly error: CrossingError }
  | { readonly kind: "found"; readonly call: number; readonly outcome: Outcome }
  | { readonly kind: "answer"; readonly node: number; readonly call: number; readonly outcome: Outcome }
  | { readonly kind: "emit"; readonly node: number; readonly frame: Frame; readonly port?: string }
  /** Frames that the node has taken from its input, the samples in them, and what is inside it now. */
  | {
      readonly kind: "taken";
      readonly node: number;
      readonly frames: number;
      readonly samples: number;
      readonly held: number;
    }
  | { readonly kind: "count"; readonly node: number; readonly counter: string; readonly by: number }
  | { readonly kind: "usage"; readonly node: number; readonly unit: UsageUnit; readonly amount: number }
  | { readonly kind: "gate"; readonly node: number; readonly samples: number }
  | { readonly kind: "report"; readonly node: number; readonly event: NodeEvent }
  | {
      readonly kind: "log";
      readonly node: number;
      readonly level: "debug" | "info" | "warn";
      readonly message: string;
      readonly facts?: Readonly<Record<string, unknown>>;
    }
  | { readonly kind: "after"; readonly node: number; readonly timer: number; readonly ms: number }
  | { readonly kind: "callOffTimer"; readonly node: number; readonly timer: number }
  | {
      readonly kind: "write";
      readonly node: number;
      readonly file: number;
      readonly bytes: Uint8Array;
      readonly at?: number;
    }
  | { readonly kind: "ask"; readonly node: number; readonly call: number; readonly ask: Ask }
  | { readonly kind: "callOff"; readonly node: number; readonly call: number }
  | { readonly kind: "settled"; readonly node: number; readonly sequence: number }
  | { readonly kind: "failed"; readonly node: number; readonly error: CrossingError }
  | { readonly kind: "connection"; readonly connection: number; readonly act: ConnectionAct }
  | { readonly kind: "pong"; readonly memoryBytes: number };

/** What the plugin does with a connection that lives on the other side. */
export type ConnectionAct =
  | { readonly do: "send"; readonly message: Message }
  | { readonly do: "took"; readonly messages: number }
  | { readonly do: "close"; readonly code?: number; readonly reason?: string }
  | { readonly do: "ping" | "destroy" | "release" };

/** What a node asks of its context and waits for. */
export interface Asked {
  readonly durableGet: { readonly with: { readonly key: string }; readonly answer: string | undefined };
  readonly durableSet: {
    readonly with: { readonly key: string; readonly value: string | undefined };
    readonly answer: undefined;
  };
  readonly artifact: {
    readonly with: { readonly path: string; readonly options?: ArtifactOptions };
    readonly answer: { readonly file: number; readonly path: string };
  };
  readonly callback: {
    readonly with: { readonly name: string; readonly acknowledge: Acknowledgement };
    readonly answer: { readonly url: string };
  };
  readonly callbackNext: { readonly with: { readonly name: string }; readonly answer: CallbackRequest };
  readonly outbox: { readonly with: { readonly post: OutgoingPost }; readonly answer: undefined };
  readonly dial: {
    readonly with: {
      readonly url: string;
      readonly headers?: Readonly<Record<string, string>>;
      readonly protocols?: readonly string[];
    };
    readonly answer: { readonly connection: number; readonly id: string; readonly kind: "tcp" | "websocket" };
  };
  readonly fetch: {
    readonly with: { readonly request: Omit<HttpRequest, "signal"> };
    readonly answer: {
      readonly body: number;
      readonly status: number;
      readonly headers: Readonly<Record<string, string>>;
    };
  };
  /** The next piece of a body. */
  readonly chunk: { readonly with: { readonly body: number }; readonly answer: Uint8Array | undefined };
  readonly drained: { readonly with: { readonly connection: number }; readonly answer: undefined };
}

export type AskName = keyof Asked;
export type AskOf<Name extends AskName> = { readonly what: Name } & Asked[Name]["with"];
export type Ask = { [Name in AskName]: AskOf<Name> }[AskName];

export type Found = EngineFound | EngineMissing;
