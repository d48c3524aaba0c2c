import type { Plan, PlannedNode } from "#engine/workflow";

/** A node as people are told of it: its id and its type. */
export const nodeName = ({ id, type }: PlannedNode): string => `${id} (${type})`;

const known = new WeakMap<Plan, readonly string[]>();

/** Of all nodes in plan order; the same array for all runs of a plan. */
export function nodeNamesOf(plan: Plan): readonly string[] {
  let names = known.get(plan);
  if (!names) {
    names = plan.nodes.map(nodeName);
    known.set(plan, names);
  }
  return names;
}
