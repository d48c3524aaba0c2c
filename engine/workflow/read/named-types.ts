import type { NodeTypes } from "#engine/plugin";
import type { WorkflowWords } from "./format.ts";

/** Every node type that a workflow's own text names, under `use` at any depth of its nodes and under `defaults`. */
export function namedTypes({ nodes, defaults }: Pick<WorkflowWords, "nodes" | "defaults">): Set<string> {
  const found = new Set(Object.keys(defaults));
  const look = (value: unknown): void => {
    if (typeof value !== "object" || value === null) return;
    for (const [key, inner] of Object.entries(value))
      if (key === "use" && typeof inner === "string") {
        if (isType(inner)) found.add(inner);
      } else if (key !== "with") look(inner);
  };
  look(nodes);
  return found;
}

/** What could be a node type at all: an included file is none, nor is what has to be filled in. */
const isType = (use: string): boolean => !/[/$]|\.ya?ml$/.test(use);

/** `; the plugin x could not be loaded: …`, for each that might have had what was missed. */
export const failedPlugins = (types: NodeTypes): string =>
  types.failures.map(({ name, error }) => `; the plugin ${name} could not be loaded: ${error.message}`).join("");
