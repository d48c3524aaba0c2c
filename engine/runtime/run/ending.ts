import { EngineError } from "#engine/errors";
import type { ArtifactReport } from "../artifacts.ts";
import type { RunNodeContext } from "../node-context.ts";
import { TaskUnit } from "../task-unit.ts";
import type { Unit } from "../unit.ts";
import { VirtualClock } from "../virtual-clock.ts";
import { within } from "../within.ts";
import type { RunOptions } from "./options.ts";

/** By the machine's clock, once the run is over: how long a task may take to unwind. */
const UNWIND_MS = 1000;
/** And a node to close: where many engines share few cores, one that is whole waits for seconds until it may free what it holds. */
const CLOSE_MS = 5000;

/** A node of a run and its view of the world. */
export interface Member {
  readonly unit: Unit;
  readonly ctx: RunNodeContext;
}

/** Stops whatever has not ended by itself, and lets tasks unwind for a moment. */
export async function cutOff(units: readonly Unit[], reason: EngineError, options: RunOptions): Promise<void> {
  for (const unit of units)
    if (unit.state === "running" || unit.state === "idle") {
      unit.interrupt(reason);
      unit.stop("failed");
    }
  const unwound = Promise.all(units.map((unit) => (unit instanceof TaskUnit ? unit.unwound : undefined)));
  await bounded(unwound, UNWIND_MS, options).catch(() => {});
}

/** How the files of a run are named. */
export interface Naming {
  /** The run began: what never did must not take the place of what an earlier run left. */
  readonly begun: boolean;
  /** Ended before its time: all files are partial. */
  readonly early: boolean;
  named(report: ArtifactReport): void;
  failed(unit: Unit, error: unknown): void;
}

/** Gives files their names, in plan order. */
export function nameFiles(members: readonly Member[], naming: Naming): ArtifactReport[] {
  const reports: ArtifactReport[] = [];
  for (const { unit, ctx } of members)
    for (const file of ctx.files)
      try {
        if (!naming.begun || !unit.node) {
          file.abandon();
          continue;
        }
        const report = file.finish(unit.cut || naming.early);
        if (!report) continue;
        reports.push(report);
        naming.named(report);
      } catch (error) {
        naming.failed(unit, error);
      }
  return reports;
}

/** Closes the nodes against plan order and gives back what they held. */
export async function closeNodes(
  members: readonly Member[],
  options: RunOptions,
  failed: (unit: Unit, error: unknown) => void,
): Promise<void> {
  for (const { unit, ctx } of [...members].reverse()) {
    const { watch } = unit.host;
    const before = watch.enter(unit.watchToken, "close");
    try {
      const closing = unit.node?.close?.();
      watch.leave(before);
      // a node that says goodbye waits for its far end, which moves by the clock
      if (closing) await ctx.announcedHook(inTime(closing, CLOSE_MS));
      await bounded(ctx.dispose(), CLOSE_MS, options);
    } catch (error) {
      watch.leave(before);
      failed(unit, error);
    }
  }
}

/** By the machine's clock. */
const inTime = <T>(work: Promise<T>, ms: number): Promise<T> =>
  within(work, ms, () => new EngineError("NODE_HUNG", `did not end within ${ms} ms`));

/** Bounded by the machine's clock, since at the end no other may be turning. */
function bounded<T>(work: Promise<T>, ms: number, { clock, order = 0 }: RunOptions): Promise<T> {
  const inBounds = inTime(work, ms);
  return clock instanceof VirtualClock ? clock.owe([order], inBounds) : inBounds;
}
