import type { Clock, FaultScript, Logger, NodeTypes } from "#engine/plugin";
import type { Household, TimeLine, UsageLine } from "#engine/runtime";
import type { ServerConfig } from "../config.ts";
import type { Caller, Keys, Tokens } from "./access.ts";
import type { OpenGateway } from "./gateways.ts";
import type { Runs } from "./runs.ts";
import type { Callbacks, Jobs, Uploads, Webhooks, Workflows } from "./work.ts";

export interface ControlOptions {
  readonly config: ServerConfig;
  readonly types: NodeTypes;
  readonly household: Household;
  readonly clock: Clock;
  /** Unix time in ms; the machine's where left out. */
  readonly epochMs?: () => number;
  /** Of the process: what the configuration makes visible is taken from it, and secrets. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Absolute: what relative paths of the configuration are relative to. */
  readonly cwd: string;
  readonly log: Logger;
  /** By gateway of the configuration: what goes wrong there. Of emulators. */
  readonly faults?: Readonly<Record<string, FaultScript>>;
}

/** Plain figures for `/metrics`, read at scrape time. */
export interface Figures {
  readonly runsByState: Readonly<Record<string, number>>;
  readonly sessions: number;
  readonly runsStarted: number;
  readonly runsRefused: number;
  readonly finals: number;
  readonly events: number;
  readonly commits: number;
  /** Of the last 1000 commits. */
  readonly commitMs: { readonly p50: number; readonly p99: number };
  readonly audioSecondsIn: number;
  readonly audioSecondsOut: number;
  readonly missedEvents: number;
  /** Audio and texts for tracks that somebody else than their sender had ended. */
  readonly lateMessages: number;
  readonly webhooksWaiting: number;
  readonly webhooksDead: number;
  readonly jobsRunning: number;
  /** Event-loop lateness of the last ten seconds. */
  readonly lateMs: { readonly p50: number; readonly p99: number };
  /** How long nodes let others wait, by type of node. */
  readonly delays: readonly TimeLine[];
  /** What frames cost in nodes, by type of node. */
  readonly calls: readonly TimeLine[];
  /** What nodes used of what services bill by, and what was gated, by type of node. */
  readonly usage: readonly UsageLine[];
}

export interface Health {
  /** The store answers. */
  readonly store: boolean;
  /** Takes new runs now. */
  readonly ready: boolean;
  readonly draining: boolean;
  readonly reason?: string;
}

/** Everything that spans runs, open. */
export interface Control {
  readonly config: ServerConfig;
  readonly types: NodeTypes;
  readonly keys: Keys;
  readonly tokens: Tokens;
  readonly runs: Runs;
  readonly workflows: Workflows;
  readonly uploads: Uploads;
  readonly jobs: Jobs;
  readonly webhooks: Webhooks;
  readonly callbacks: Callbacks;
  /** Of the configuration, for whoever listens. They are closed with the control. */
  readonly gateways: readonly OpenGateway[];
  /** Counts a request against the caller's rate. Throws QUOTA_EXCEEDED with `details.retryAfterMs`. */
  admitRequest(caller: Caller): void;
  health(): Promise<Health>;
  figures(): Promise<Figures>;
  /** Removes what is not to be kept, as happens by itself once a minute. */
  tidy(): Promise<void>;
  /**
   * Takes no new runs, ends those that can end, and after the deadline interrupts the rest: their state is stored, and they go on in the
   * next process. Resolves within the deadline and two seconds.
   */
  drain(deadlineMs: number): Promise<void>;
  /** Closes the store. After `drain`, or at once. */
  close(): Promise<void>;
}
