import type { Desk } from "#engine/plugin";
import { BatchGroups } from "../batch-unit.ts";
import type { CallHook } from "../call-timing.ts";
import type { DelayKind } from "../delays.ts";
import { processDesk } from "../network/no-desk.ts";
import type { ClockedNetwork } from "../network/node-network.ts";
import { SystemNetwork } from "../network/system-network.ts";
import { Resources } from "../resources.ts";
import { Scheduler } from "../scheduler.ts";
import { TimeBook } from "../time-book.ts";
import { UsageBook } from "../usage-book.ts";
import { Watch } from "../watch.ts";

/** What the runs of a process share. */
export interface Household {
  readonly scheduler: Scheduler;
  readonly batches: BatchGroups;
  readonly resources: Resources;
  readonly watch: Watch;
  /** What their nodes let others wait. */
  readonly delays: TimeBook<DelayKind>;
  /** What frames cost in them. */
  readonly calls: TimeBook<CallHook>;
  /** What they used of what services bill by. */
  readonly usage: UsageBook;
  /** The machine's, or one in memory for runs under a virtual clock. */
  readonly network: ClockedNetwork;
  readonly desk: Desk;
}

export const newHousehold = (given: Partial<Pick<Household, "network" | "desk">> = {}): Household => {
  const calls = new TimeBook<CallHook>();
  return {
    scheduler: new Scheduler(),
    batches: new BatchGroups(calls),
    calls,
    resources: new Resources(),
    watch: new Watch(),
    delays: new TimeBook<DelayKind>(),
    usage: new UsageBook(),
    network: given.network ?? new SystemNetwork(),
    desk: given.desk ?? processDesk(),
  };
};
