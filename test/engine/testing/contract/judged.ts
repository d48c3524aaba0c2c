import { z } from "zod";
import type { InlineNode, NodeContext, TaskNode } from "#engine/plugin";
import type { Check } from "#engine/testing";

/** Of nodes that have no settings. */
export const config = z.strictObject({});

/** A node that the check of this name must find fault with. */
export interface Faulty {
  readonly name: string;
  readonly check: string;
  readonly checks: readonly Check[];
}

/** A contract, and what shows that it judges: a node that keeps it, and those that break it. */
export interface Judged {
  readonly name: string;
  readonly good: readonly Check[];
  readonly faulty: readonly Faulty[];
}

/** By what is wrong with it: a node, and the check that finds it. */
export type Faults<Create> = Readonly<Record<string, readonly [Create, string]>>;

/** One for each fault. @param what the kind of node, as a title names it. */
export const faultyOf = <Create>(
  what: string,
  faults: Faults<Create>,
  checksOf: (create: Create) => readonly Check[],
): Faulty[] =>
  Object.entries(faults).map(([name, [create, check]]) => ({
    name: `${what} that ${name}`,
    check,
    checks: checksOf(create),
  }));

export type Inline = (ctx: NodeContext) => InlineNode;
export type Task = (ctx: NodeContext) => TaskNode;
