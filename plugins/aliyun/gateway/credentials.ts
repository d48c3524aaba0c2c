import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import type { GatewayHost, GatewayKey } from "#engine/plugin";

/** Compares in a time that tells nothing of where two secrets differ. */
export const equalSecrets = (one: string, other: string): boolean =>
  timingSafeEqual(createHash("sha256").update(one).digest(), createHash("sha256").update(other).digest());

const PREFIX = "nls1";

/** A token that can be checked without being kept: key, end, and a seal made with the key's secret. */
export function sealToken(key: GatewayKey, expiresAtMs: number): string {
  const body = `${PREFIX}.${Buffer.from(key.id).toString("base64url")}.${expiresAtMs}`;
  return `${body}.${sealOf(body, key.secret)}`;
}

const sealOf = (body: string, secret: string): string =>
  createHmac("sha256", secret).update(body).digest("base64url").slice(0, 32);

/**
 * The key that a client's token belongs to; undefined for one that is none, has ended, or whose key is gone. Beside the tokens of
 * `CreateToken` these are taken: `<key id>.<secret>`, and a key whose id and secret are both the token.
 */
export async function keyOfToken(token: string, host: GatewayHost): Promise<GatewayKey | undefined> {
  if (token === "") return undefined;
  const [prefix, id = "", expires = "", seal = ""] = token.split(".");
  if (prefix === PREFIX && seal !== "") {
    const key = await host.key(Buffer.from(id, "base64url").toString());
    const sealed = key && equalSecrets(seal, sealOf(token.slice(0, token.lastIndexOf(".")), key.secret));
    return sealed && Number(expires) > host.epochMs() ? key : undefined;
  }
  const dot = token.indexOf(".");
  const key = await host.key(dot > 0 ? token.slice(0, dot) : token);
  return key && equalSecrets(key.secret, token.slice(dot + 1)) ? key : undefined;
}

/** The appkeys that a key may use, by its fact `appkey`, several with commas between; undefined where it may use any. */
export const appkeysOf = (key: GatewayKey): readonly string[] | undefined =>
  key.facts.appkey?.split(",").map((appkey) => appkey.trim());
