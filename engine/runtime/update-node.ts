import { EngineError } from "#engine/errors";
import { fieldFacts, type InlineNode, type TaskNode } from "#engine/plugin";
import type { PlannedNode } from "#engine/workflow";

/**
 * Hands changed live fields to a node. Returns its config as it is from now on.
 * @throws EngineError FIELD_NOT_LIVE, CONFIG_INVALID; messages name fields and no values.
 */
export function updateNode(
  { id, type, definition }: PlannedNode,
  config: unknown,
  fields: Readonly<Record<string, unknown>>,
  node: InlineNode | TaskNode,
): unknown {
  const known = definition.hosts?.config ?? definition.config;
  for (const name of Object.keys(fields)) {
    const schema = Object.hasOwn(known.shape, name) ? known.shape[name] : undefined;
    if (!schema || !fieldFacts(schema).live || !node.onUpdate)
      throw new EngineError("FIELD_NOT_LIVE", `${id} (${type}): ${name} cannot be changed while it runs`);
  }
  const parsed = known.safeParse({ ...(config as object), ...fields });
  if (!parsed.success) {
    const faults = parsed.error.issues.map((issue) => issue.path.join(".") || "the fields together");
    throw new EngineError("CONFIG_INVALID", `${id} (${type}): not a value for ${[...new Set(faults)].join(", ")}`);
  }
  node.onUpdate?.(parsed.data);
  return parsed.data;
}
