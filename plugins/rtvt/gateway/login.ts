import { createHash, timingSafeEqual } from "node:crypto";
import type { z } from "zod";
import type { GatewayHost, GatewayKey } from "#engine/plugin";
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
  return sameText(token, loginToken(key.secret, pid, ts)) ? key : TOKEN_INVALID;
}

/** In a time that does not tell how far they agree. */
const sameText = (one: string, other: string): boolean => timingSafeEqual(digest(one), digest(other));
const digest = (text: string) => createHash("sha256").update(text).digest();
