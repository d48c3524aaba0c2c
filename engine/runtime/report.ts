import type { EngineError, ErrorCode } from "#engine/errors";
import type { UsageUnit } from "#engine/plugin";
import type { ArtifactReport } from "./artifacts.ts";
import type { DelayAccounts } from "./delays.ts";
import type { EdgeAccount, Tally } from "./edge.ts";
import type { RunNodeContext } from "./node-context.ts";
import type { Unit } from "./unit.ts";

export type RunState = "starting" | "running" | "draining" | "done" | "failed" | "cancelled";

/** What became of the frames that a node got and made. `gated` and `held` are samples per channel. */
export interface NodeAccount {
  readonly node: string;
  readonly type: string;
  readonly in: Readonly<Tally>;
  readonly out: Readonly<Tally>;
  readonly passes?: "samples" | "time";
  readonly gated: number;
  readonly held: number;
  readonly counters: Readonly<Record<string, number>>;
  readonly usage: Readonly<Partial<Record<UsageUnit, number>>>;
  /** How long it let others wait; absent where nothing was measured. */
  readonly delays?: DelayAccounts;
}

export interface NodeFailure {
  readonly node: string;
  readonly code: ErrorCode;
  readonly message: string;
}

/** How a run ended and what it leaves behind. */
export interface RunReport {
  readonly runId: string;
  readonly state: "done" | "failed" | "cancelled";
  /** Ended early on request: what it made is partial. */
  readonly drained: boolean;
  /** Why it failed; absent when it did not. */
  readonly error?: EngineError;
  /** Of nodes whose failure did not end the run, too. */
  readonly failures: readonly NodeFailure[];
  /** Of the run's clock, from start to end. */
  readonly durationMs: number;
  readonly artifacts: readonly ArtifactReport[];
  readonly edges: readonly EdgeAccount[];
  readonly nodes: readonly NodeAccount[];
  /** Sentences that say which accounts do not balance; empty in every run, or there is a bug. */
  readonly imbalances: readonly string[];
}

export function accountOf(unit: Unit, ctx: RunNodeContext): NodeAccount {
  const { passes } = unit.planned.definition;
  const delays = ctx.delays?.accounts;
  return {
    node: unit.id,
    type: unit.planned.type,
    in: { ...unit.framesIn },
    out: { ...unit.framesOut },
    ...(passes && { passes }),
    gated: ctx.gated,
    held: unit.held(),
    counters: { ...ctx.counters },
    usage: { ...ctx.used },
    ...(delays && { delays }),
  };
}

/**
 * What does not add up: on an edge in = out + dropped + coalesced + in flight; in a node that passes audio on, in = out + gated + held.
 * @param settled nodes that ended by themselves; only their own sums can be held against them.
 */
export function imbalances(
  edges: readonly EdgeAccount[],
  nodes: readonly NodeAccount[],
  settled: ReadonlySet<string>,
): string[] {
  const found: string[] = [];
  for (const edge of edges)
    for (const unit of ["frames", "samples"] as const) {
      const dropped = Object.values(edge.dropped).reduce((sum, tally) => sum + tally[unit], 0);
      const accounted = edge.out[unit] + dropped + edge.coalesced[unit] + edge.inFlight[unit];
      if (edge.in[unit] !== accounted)
        found.push(`${edge.edge}: ${edge.in[unit]} ${unit} went in, ${accounted} are accounted for`);
    }
  for (const node of nodes) {
    if (node.passes !== "samples" || !settled.has(node.node)) continue;
    const accounted = node.out.samples + node.gated + node.held;
    if (node.in.samples !== accounted)
      found.push(`${node.node}: ${node.in.samples} samples went in, ${accounted} are accounted for`);
  }
  return found;
}
