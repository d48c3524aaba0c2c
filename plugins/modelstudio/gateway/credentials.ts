import { type GatewayHost, type GatewayKey, keyOfSealed, keyOfWord, sealToken } from "#engine/plugin";

/** How temporary keys begin, like the service's own. */
const PREFIX = "st-";

/** A key that ends by itself. */
export const sealKey = (key: GatewayKey, expiresAtMs: number): string => sealToken(PREFIX, key, expiresAtMs);

/**
 * The key that an `Authorization` belongs to; undefined where it is none, has ended, or its key is gone. Beside temporary keys these are
 * taken: `<key id>.<secret>`, and a key whose id and secret are both what was sent.
 */
export async function keyOf(authorization: string | undefined, host: GatewayHost): Promise<GatewayKey | undefined> {
  const [, token = ""] = /^bearer\s+(\S+)\s*$/i.exec(authorization ?? "") ?? [];
  return token.startsWith(PREFIX) ? keyOfSealed(PREFIX, token, host) : keyOfWord(token, host);
}
