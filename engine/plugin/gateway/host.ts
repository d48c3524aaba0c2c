import type { EngineError } from "../../errors/index.ts";
import type { AudioFormat, Frame } from "../../frames/index.ts";
import type { Clock } from "../clock.ts";
import type { Logger } from "../context.ts";
import type { Network } from "../link/network.ts";

/** All that a gateway sees of the process it serves in. */
export interface GatewayHost {
  readonly clock: Clock;
  /** Unix time in ms by that clock. A fault script may set it wrong. */
  epochMs(): number;
  readonly log: Logger;
  /** A UUID. */
  newId(): string;
  /** From 0 to below 1. */
  random(): number;
  /** For what the gateway has to call by itself: a customer's callback, a recording by its URL. */
  readonly network: Network;
  /** The key whose id a client names; undefined where there is none. Compare secrets with `equalSecrets`. */
  key(id: string): Promise<GatewayKey | undefined>;
  /** What is known of the mapped workflow. */
  readonly workflow: MappedWorkflow;
  /**
   * Starts a run of the mapped workflow for one client stream. Resolves when its nodes are ready.
   * @throws EngineError CONFIG_INVALID where the workflow has no input for it, QUOTA_EXCEEDED, SERVER_BUSY, WORKFLOW_INVALID, what a node threw.
   */
  start(request: GatewayStart): Promise<GatewayRun>;
}

export interface GatewayKey {
  /** As the vendor's clients send it: an access key id, a project id, an appkey. */
  readonly id: string;
  /** What signatures are made with, or what is sent as it is. */
  readonly secret: string;
  /** Other ids that belong to it by name, such as `appid` or `appkey`. */
  readonly facts: Readonly<Record<string, string>>;
}

export interface MappedWorkflow {
  readonly name: string;
  readonly params: readonly string[];
  readonly inputs: readonly { readonly name: string; readonly kind: Frame["kind"] }[];
  readonly outputs: readonly { readonly name: string; readonly kinds: readonly Frame["kind"][] }[];
}

export interface GatewayStart {
  readonly key: GatewayKey;
  /** What the client sends; it is bound to the workflow's input of that kind. */
  readonly input:
    | { readonly kind: "audio"; readonly format: AudioFormat }
    | { readonly kind: "text" | "recording" | "encoded" };
  /** Those that the workflow does not declare are left out. */
  readonly params?: Readonly<Record<string, unknown>>;
  readonly labels?: Readonly<Record<string, string>>;
  /** Every frame at the workflow's outputs, in order. Must not block; texts carry their role, so names need not be known. */
  onOutput(frame: Frame, output: string): void;
  /** Cancels the run. */
  readonly signal?: AbortSignal;
}

export interface GatewayRun {
  readonly id: string;
  /** Takes a frame of the input's kind. Resolves when there is room for more; until then a client should not be read further. */
  push(frame: Frame): Promise<void> | undefined;
  /** Finishes what is open now, such as an utterance. */
  flush(): void;
  /** No more comes; what is under way still comes out. */
  end(): void;
  cancel(reason: string): void;
  /** Never rejects. Resolves after the last output. */
  readonly done: Promise<GatewayOutcome>;
}

export interface GatewayOutcome {
  readonly state: "done" | "failed" | "cancelled";
  readonly error?: EngineError;
}
