import type { ErrorCode, FaultScript, Frame, GatewayKey, Plugin } from "#engine/plugin";
import type { MemoryNetwork, VirtualClock } from "#engine/runtime";
import type { Emulator } from "#engine/testing";
import type { Finding } from "#engine/workflow";
import type { MemoryDesk } from "../memory-desk.ts";

/** A node type of a vendor's as it works when all is well. */
export interface SoundNode {
  /** What stands in `with:`, for the vendor's service at `host:port`; `tcp` where it is spoken to without the web. Secrets stand as `${secret:…}`. */
  with(web: string, tcp: string): Readonly<Record<string, unknown>>;
  /** What it is given. Default: `SENTENCES`, as audio. */
  readonly frames?: readonly Frame[];
  /** What its service does. Default: hears what is said. */
  readonly service?: string;
  /** Of the gateway. */
  readonly gatewayConfig?: Readonly<Record<string, unknown>>;
}

/** What is asked of a vendor's node and cannot be done, or what its vendor does wrong. */
export type BadInput = Circumstances & (Failing | Borne);

/** It ends the run, or hands over to the fallback. */
interface Failing {
  /** At the earliest: while nothing runs, before anything is heard, or on the way. */
  readonly found: "lint" | "start" | "run";
  readonly code: ErrorCode | Finding["code"];
  /** What the message has to say: what is to be changed, or what came. */
  readonly says: string | RegExp;
}

/** It changes nothing but counters. */
interface Borne {
  readonly found: "borne";
}

/** Listens at these addresses, with which a run's node is set up. */
export type Instead = (network: MemoryNetwork, at: { readonly web: string; readonly tcp: string }) => Promise<unknown>;

export interface Circumstances {
  readonly what: string;
  /** One of the vendor's `nodes`. */
  readonly node: string;
  /** Beside what is right, or in its place. */
  readonly with?: Readonly<Record<string, unknown>>;
  /** In place of what the node is given otherwise. */
  readonly frames?: readonly Frame[];
  readonly faults?: FaultScript["faults"];
  /** In place of what the node's service does otherwise. */
  readonly service?: string;
  readonly gatewayConfig?: Readonly<Record<string, unknown>>;
  /** Listens in place of the vendor's gateway. */
  readonly instead?: Instead;
  /** Happens while the run goes on. */
  readonly meanwhile?: (world: World) => Promise<void>;
  /** Nobody can call the process back: lint knows it, or only the process itself does. */
  readonly uncallable?: "known" | "unknown";
  /** What takes over where the input is no good for a second service of the vendor's either; false: nothing can. */
  readonly fallback?: Readonly<Record<string, unknown>> | false;
  /** What comes out with the fallback, where it is not what comes out when all is well. */
  readonly result?: readonly string[];
  /** Counters that have to stand at the node where nothing takes over. */
  readonly counters?: Readonly<Record<string, number>>;
  /** More audio comes than is held: it is dropped, and counted. */
  readonly drops?: true;
}

/** What all rows of a group share: where it is found, by which code. Settings are added to those of a row. */
type Common = Pick<Failing, "found" | "code"> & Pick<Circumstances, "with">;

/** A group of a table: a row says only what is its own. */
export const failing = (
  { with: settings, ...common }: Common,
  rows: readonly (Circumstances & Pick<Failing, "says">)[],
): BadInput[] =>
  rows.map((row) => ({ ...row, ...common, ...((settings || row.with) && { with: { ...settings, ...row.with } }) }));

/** A vendor with all that is known to go wrong with its nodes. */
export interface BadVendor {
  readonly plugin: Plugin;
  readonly nodes: Readonly<Record<string, SoundNode>>;
  /** Values of `${secret:…}`, right ones and wrong ones. None of them may be told to anybody. */
  readonly secrets: Readonly<Record<string, string>>;
  readonly keys: readonly GatewayKey[];
  readonly inputs: readonly BadInput[];
  readonly calls: readonly BadCall[];
}

/** What a client asks of a vendor's gateway and is not given. */
export interface BadCall {
  readonly what: string;
  /** What the client is told, in the vendor's terms. */
  readonly told: string | RegExp;
  /** Runs that it costs. Default 0. */
  readonly runs?: number;
  /** Default: hears what is said. */
  readonly service?: string;
  readonly gatewayConfig?: Readonly<Record<string, unknown>>;
  /** All that the client was told, and how it was left. */
  call(service: CalledService): Promise<string>;
}

/** A vendor's gateway in memory, as a client sees it. */
export interface CalledService {
  readonly clock: VirtualClock;
  readonly network: MemoryNetwork;
  readonly emulator: Emulator;
  readonly web: string;
  readonly tcp: string;
}

/** In which a bad input happens. */
export interface World {
  readonly clock: VirtualClock;
  readonly network: MemoryNetwork;
  /** Where the run can be called back. */
  readonly desk: MemoryDesk;
}
