import type { AudioFormat } from "../frames/index.ts";
import type { Artifact, ArtifactOptions } from "./artifact.ts";
import type { Acknowledgement, Callback, Durable } from "./callback.ts";
import type { Clock } from "./clock.ts";
import type { Network } from "./link/network.ts";
import type { Outbox } from "./outbox.ts";
import type { Resource } from "./resource.ts";

/** All that a node sees of the world. It belongs to one node of one run. */
export interface NodeContext {
  readonly runId: string;
  readonly nodeId: string;
  readonly labels: Readonly<Record<string, string>>;
  /** The format of the default input's audio. Throws NODE_PROTOCOL where that input takes none, or its format is known only with its frames. */
  readonly format: AudioFormat;
  /** The negotiated audio format of each input that has one. */
  readonly formats: Readonly<Record<string, AudioFormat | undefined>>;
  /** The run's clock; a node has no other. */
  readonly clock: Clock;
  /** Unix time in ms, for signatures and tokens. Under a virtual clock it begins at the same moment every time. */
  epochMs(): number;
  /**
   * Sockets and HTTP, for a node that declares the effect `network`; what it left open is ended with the run. Under a virtual clock it is
   * the memory's, and the machine's own is refused with CLOCK_REFUSES.
   */
  readonly network: Network;
  readonly log: Logger;
  /** Aborts when the run is cancelled or out of time. */
  readonly signal: AbortSignal;
  /** A number from 0 to below 1, the same in every run with the same seed. */
  random(): number;
  /** A UUID. Unique in the world; under a virtual clock the same in every run with the same seed. */
  newId(): string;
  /** An utterance id that no other node of the run gives out: node id and count. */
  newUtterance(): string;
  /** Adds to a counter of this node: `gatedSamples`, `reconnects`. Plain fields, read at scrape time. */
  count(counter: string, by?: number): void;
  /** Adds to what a vendor bills. */
  usage(unit: UsageUnit, amount: number): void;
  /** Samples per channel that came in and will never go out, by design of the node; they stand in its accounts as gated. */
  gate(samples: number): void;
  /** Puts an event of this node into the run's event stream. No secrets, no vendor payloads. */
  report(event: NodeEvent): void;
  /**
   * Work outside the loop, such as a Worker or a process: one request, one complete answer. Under the virtual clock, time stands still
   * while the answer is owed and answers of one instant arrive in plan order; otherwise it is called and awaited as it is.
   * Rejects with OUTSIDE_UNANSWERED when it takes longer than the run's watchdog allows.
   */
  outside<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T>;
  /** A file that the run leaves behind: whole, partial and valid, or absent. See `Artifact`. */
  artifact(path: string, options?: ArtifactOptions): Promise<Artifact>;
  /** A folder for files that go with the run; made at the first call. */
  tempDir(): string;
  /** What the node keeps across a restart of the process. */
  readonly durable: Durable;
  /**
   * An address at which a vendor answers later, across a restart: the same name gives the same one again. The node type declares `calledBack`.
   * @throws EngineError CONFIG_INVALID where this process cannot be reached from outside.
   */
  callback(name: string, acknowledge: Acknowledgement): Promise<Callback>;
  /** Where messages to others are kept until they are delivered; absent in a process that keeps nothing. */
  readonly outbox?: Outbox;
  /** Somebody wants to see the wire: `{ type: "wire", … }` events are worth reporting. */
  readonly tracing: boolean;
  /** A process-wide thing shared with other nodes and runs, opened by its first user and closed after its last. */
  resource<T>(resource: Resource<T>): Promise<T>;
}

export type UsageUnit = "audioSeconds" | "characters" | "requests";

/** What a node tells people and programs about itself. */
export interface NodeEvent {
  /** `print`, `opened`, `closed`, `retry`, `fallback`, `progress`, … */
  readonly type: string;
  readonly [fact: string]: unknown;
}

/** Structured log lines; ids and counts only, never content. */
export interface Logger {
  debug(message: string, facts?: Readonly<Record<string, unknown>>): void;
  info(message: string, facts?: Readonly<Record<string, unknown>>): void;
  warn(message: string, facts?: Readonly<Record<string, unknown>>): void;
}
