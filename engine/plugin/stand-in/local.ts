import type { NodeDefinition } from "../node.ts";

/** A node type of this machine, with the parsed output of its own schema. */
export interface Local {
  readonly definition: NodeDefinition;
  readonly config: unknown;
}
