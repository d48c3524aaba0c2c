import type { z } from "zod";
import { equalSecrets, type GatewayHost, type GatewayKey } from "#engine/plugin";
import { PID_INVALID, TIME_INVALID, TOKEN_INVALID } from "../status.ts";
import { isBase64, loginToken } from "../token/signature.ts";
import type { loginQuest } from "../wire.ts";

/** The key that a login proves to have, or the vendor's code that refuses it. */
export async function checkLogin(
  { pid, token, ts }: z.output<typeof loginQuest>,
  host: Pick<GatewayHost, "key" | "epochMs">,
  windowMs: number,
): Promise<GatewayKey | number> {
  const key = await host.key(`${pid}`);
  if (!key || !isBase64(key.secret)) return PID_INVALID;
  if (windowMs > 0 && Math.abs(host.epochMs() - ts * 1000) > windowMs) return TIME_INVALID;
  return equalSecrets(token, loginToken(key.secret, pid, ts)) ? key : TOKEN_INVALID;
}
