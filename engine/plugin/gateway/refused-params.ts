import { z } from "zod";
import { EngineError } from "../../errors/index.ts";

const details = z.object({ findings: z.array(z.object({ param: z.string().optional() })) });

/** Params of the mapped workflow that do not take what a client asked for, when that is why `GatewayHost.start` failed. */
export function refusedParams(error: unknown): readonly string[] {
  if (!(error instanceof EngineError) || error.code !== "WORKFLOW_INVALID") return [];
  const found = details.safeParse(error.details).data?.findings ?? [];
  return found.flatMap(({ param }) => (param === undefined ? [] : [param]));
}
