import { type Planned, type PlanOptions, planWorkflow, type WorkflowSource } from "#engine/workflow";
import type { World } from "./command.ts";

/** Plans a file the way every command does: with the process's environment and secrets. */
export const planFile = (
  file: string | WorkflowSource,
  world: World,
  more: Pick<PlanOptions, "purpose"> &
    Partial<Pick<PlanOptions, "params" | "bindings" | "run" | "offline" | "callable" | "elsewhere">>,
): Promise<Planned> =>
  planWorkflow(typeof file === "string" ? { path: file } : file, {
    types: world.types,
    environment: world.environment,
    secret: (name) => world.environment[`PARLANDO_SECRET_${name.toUpperCase().replaceAll("-", "_")}`],
    cwd: world.cwd,
    ...(more.purpose === "lint" && world.callable !== undefined && { callable: world.callable }),
    ...more,
  });
