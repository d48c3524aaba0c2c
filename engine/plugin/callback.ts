import type { Outbox } from "./outbox.ts";

/** How a vendor's call is answered before anybody has looked at it. */
export interface Acknowledgement {
  /** Default 200. */
  readonly status?: number;
  readonly mediaType: string;
  readonly body: string;
}

/** What came to an address that `ctx.callback()` gave out. */
export interface CallbackRequest {
  readonly method: string;
  /** Without the question mark, as sent. */
  readonly query: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

/** An address where a vendor answers later. Who does not know it cannot guess it. */
export interface Callback {
  readonly url: string;
  /** The next call that was not taken yet, in the order they came; those of before a restart count. Rejects with the signal's reason. */
  next(signal?: AbortSignal): Promise<CallbackRequest>;
}

/** What a node keeps across a restart of its process. Small, and no secrets: ids of tasks, counts. */
export interface Durable {
  get(key: string): Promise<string | undefined>;
  /** Resolves when it is stored. */
  set(key: string, value: string | undefined): Promise<void>;
}

/** What a process lends to its runs for what outlives them; the place that keeps it is the process's own affair. */
export interface Desk {
  /**
   * The same run, node and name give the same address again.
   * @throws EngineError CONFIG_INVALID where the process does not know how it is reached from outside.
   */
  callback(of: CallbackName, acknowledge: Acknowledgement): Promise<Callback>;
  durable(runId: string, nodeId: string): Durable;
  /** Absent where the process keeps nothing: then a node posts for itself. */
  outbox?(runId: string): Outbox;
}

export interface CallbackName {
  readonly runId: string;
  readonly nodeId: string;
  readonly name: string;
}
