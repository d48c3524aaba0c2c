import type { Frame } from "#engine/frames";
import type { Clock, Logger } from "#engine/plugin";
import type { RunEvent } from "../events.ts";
import type { NetworkRules } from "../network/node-network.ts";

export interface RunOptions {
  readonly runId: string;
  readonly clock: Clock;
  readonly labels?: Readonly<Record<string, string>>;
  /** Of everything random in the run. Default 1. */
  readonly seed?: number;
  /** Distinguishes runs on one virtual clock. Default 0. */
  readonly order?: number;
  /** How often the run has been taken up again in another process; no utterance gets an id of an earlier generation. Default 0. */
  readonly generation?: number;
  /** How long work outside the loop may take by the machine's clock, in milliseconds. Default 60,000. */
  readonly outsideMs?: number;
  readonly log?: Logger;
  /** Unix time in ms. Default: the machine's; under a virtual clock that clock's, from the beginning of 2026. */
  readonly epochMs?: () => number;
  /** Refuses an address that a node wants to reach, by throwing. Default: none is refused. */
  readonly guard?: NetworkRules["guard"];
  /** Of which nodes the wire is told, as `wire` events. Default: of none. */
  readonly traces?: (nodeId: string) => boolean;
  onEvent?(event: RunEvent): void;
  /** Every frame at the workflow's own outputs, audio too. Must not block. */
  onOutput?(output: string, frame: Frame): void;
}
