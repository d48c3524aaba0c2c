import type { z } from "zod";
import { EngineError, type HttpRequest, type NodeContext } from "#engine/plugin";
import { readJson } from "../wire.ts";

/**
 * One call of a service that answers with JSON.
 * @throws EngineError VENDOR_RATE_LIMITED, VENDOR_FAILED or VENDOR_REFUSED by the HTTP status, VENDOR_PROTOCOL for an answer that is not
 *   understood, and what the network throws.
 */
export async function exchange<T>(
  ctx: NodeContext,
  request: HttpRequest,
  schema: z.ZodType<T>,
  what: string,
): Promise<T> {
  const response = await ctx.network.fetch({ method: "POST", ...request });
  const { status } = response;
  if (status !== 200) {
    const code = status === 429 ? "VENDOR_RATE_LIMITED" : status >= 500 ? "VENDOR_FAILED" : "VENDOR_REFUSED";
    throw new EngineError(code, `Tencent answered ${what} with HTTP ${status}`, { details: { status } });
  }
  return readJson(schema, await response.bytes(), what);
}
