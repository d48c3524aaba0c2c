import { defaultPort } from "#engine/plugin";
import type { PlannedNode } from "#engine/workflow";

/** The ports of a planned node by number: what all runs of its plan share. */
export interface PlannedPorts {
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** Among `outputs`: the one that is meant where none is named; -1 where there is none. */
  readonly mainOutput: number;
  /** The input that is meant where none is named. */
  readonly mainInput: string | undefined;
}

const known = new WeakMap<PlannedNode, PlannedPorts>();

/** Asks the node's definition once, however many runs its plan has. */
export function portsOf(planned: PlannedNode): PlannedPorts {
  const before = known.get(planned);
  if (before) return before;
  const { definition, config } = planned;
  const inputs = definition.inputs(config);
  const outputs = definition.outputs(config);
  const names = Object.keys(outputs);
  const main = defaultPort(outputs);
  const ports: PlannedPorts = {
    inputs: Object.keys(inputs),
    outputs: names,
    mainOutput: main === undefined ? -1 : names.indexOf(main),
    mainInput: defaultPort(inputs),
  };
  known.set(planned, ports);
  return ports;
}
