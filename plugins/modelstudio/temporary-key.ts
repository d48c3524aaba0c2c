import { z } from "zod";
import type { NodeContext, Token } from "#engine/plugin";
import { httpFailure } from "./status.ts";
import { readJson } from "./wire.ts";

/** The longest that the service gives one for, in seconds. */
const LIFE_S = 1800;

const answer = z.looseObject({
  token: z.string().min(1),
  /** Unix time in seconds. */
  expires_at: z.number(),
});

/**
 * Has the service make a key that ends by itself.
 * @param base of the HTTP interface. @see https://www.alibabacloud.com/help/en/model-studio/generate-temporary-api-key
 * @throws EngineError VENDOR_KEY_REFUSED, VENDOR_RATE_LIMITED, VENDOR_FAILED, VENDOR_PROTOCOL, and what the network throws.
 */
export async function temporaryKey(
  base: string,
  apiKey: string,
  ctx: NodeContext,
  signal: AbortSignal,
): Promise<Token> {
  const response = await ctx.network.fetch({
    url: `${base}/tokens?expire_in_seconds=${LIFE_S}`,
    method: "POST",
    headers: { authorization: `Bearer ${apiKey}` },
    signal,
  });
  const body = await response.text();
  if (response.status !== 200) throw httpFailure(response.status, body, "the call for a temporary key");
  const { token, expires_at } = readJson(answer, body, "the call for a temporary key");
  return { value: token, expiresAtMs: expires_at * 1000 };
}
