import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import type { GatewayHost, GatewayKey } from "./host.ts";

/** Compares in a time that tells nothing of where two secrets differ. */
export const equalSecrets = (one: string, other: string): boolean =>
  timingSafeEqual(createHash("sha256").update(one).digest(), createHash("sha256").update(other).digest());

/**
 * A token that ends by itself and can be checked without being kept: key, end, and a seal made with the key's secret.
 * @param prefix by which the gateway knows its own tokens.
 * @param expiresAtMs Unix time.
 */
export function sealToken(prefix: string, key: GatewayKey, expiresAtMs: number): string {
  const body = `${prefix}${Buffer.from(key.id).toString("base64url")}.${expiresAtMs}`;
  return `${body}.${sealOf(body, key.secret)}`;
}

const sealOf = (body: string, secret: string): string =>
  createHmac("sha256", secret).update(body).digest("base64url").slice(0, 32);

/** The key of a sealed token; undefined for one that is none, has ended, or whose key is gone. */
export async function keyOfSealed(prefix: string, token: string, host: GatewayHost): Promise<GatewayKey | undefined> {
  if (!token.startsWith(prefix)) return undefined;
  const [id = "", expires = "", seal = ""] = token.slice(prefix.length).split(".");
  const key = await host.key(Buffer.from(id, "base64url").toString());
  const sealed = key && equalSecrets(seal, sealOf(token.slice(0, token.lastIndexOf(".")), key.secret));
  return sealed && Number(expires) > host.epochMs() ? key : undefined;
}

/** The key that a single word stands for, for vendors that know no ids: `<key id>.<secret>`, or a key whose id and secret are both the word. */
export async function keyOfWord(word: string, host: GatewayHost): Promise<GatewayKey | undefined> {
  if (word === "") return undefined;
  const dot = word.indexOf(".");
  const key = await host.key(dot > 0 ? word.slice(0, dot) : word);
  return key && equalSecrets(key.secret, word.slice(dot + 1)) ? key : undefined;
}
