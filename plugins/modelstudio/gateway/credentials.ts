import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import type { GatewayHost, GatewayKey } from "#engine/plugin";

/** Compares in a time that tells nothing of where two secrets differ. */
const equalSecrets = (one: string, other: string): boolean =>
  timingSafeEqual(createHash("sha256").update(one).digest(), createHash("sha256").update(other).digest());

const PREFIX = "st-";

/** A key that ends by itself and can be checked without being kept: key, end, and a seal made with the key's secret. */
export function sealKey(key: GatewayKey, expiresAtMs: number): string {
  const body = `${PREFIX}${Buffer.from(key.id).toString("base64url")}.${expiresAtMs}`;
  return `${body}.${sealOf(body, key.secret)}`;
}

const sealOf = (body: string, secret: string): string =>
  createHmac("sha256", secret).update(body).digest("base64url").slice(0, 32);

/**
 * The key that an `Authorization` belongs to; undefined where it is none, has ended, or its key is gone. Beside temporary keys these are
 * taken: `<key id>.<secret>`, and a key whose id and secret are both what was sent.
 */
export async function keyOf(authorization: string | undefined, host: GatewayHost): Promise<GatewayKey | undefined> {
  const [, token = ""] = /^bearer\s+(\S+)\s*$/i.exec(authorization ?? "") ?? [];
  if (token === "") return undefined;
  if (token.startsWith(PREFIX)) return temporaryKeyOf(token, host);
  const dot = token.indexOf(".");
  const key = await host.key(dot > 0 ? token.slice(0, dot) : token);
  return key && equalSecrets(key.secret, token.slice(dot + 1)) ? key : undefined;
}

async function temporaryKeyOf(token: string, host: GatewayHost): Promise<GatewayKey | undefined> {
  const [id = "", expires = "", seal = ""] = token.slice(PREFIX.length).split(".");
  const key = await host.key(Buffer.from(id, "base64url").toString());
  const sealed = key && equalSecrets(seal, sealOf(token.slice(0, token.lastIndexOf(".")), key.secret));
  return sealed && Number(expires) > host.epochMs() ? key : undefined;
}
