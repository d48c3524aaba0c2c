import { type GatewayHost, type GatewayKey, type Incoming, keyOfSealed, keyOfWord, sealToken } from "#engine/plugin";

const PREFIX = "st-";

/** A token as the call for one gives it; the vendor's own has dots, too, and says nothing to its clients. */
export const tokenFor = (key: GatewayKey, expiresAtMs: number): string => sealToken(PREFIX, key, expiresAtMs);

/**
 * The key that a request comes with: a resource key or a bearer token, in a header or, as browsers and the vendor's clients send it, in the
 * query. Undefined where there is none, or it is not good.
 */
export async function keyOf({ headers, query }: Incoming, host: GatewayHost): Promise<GatewayKey | undefined> {
  const asked = new URLSearchParams(query);
  const bearer = /^bearer\s+(?:aad#[^#]*#)?(\S+)$/i.exec(
    headers.authorization ?? asked.get("Authorization") ?? "",
  )?.[1];
  if (bearer !== undefined)
    return bearer.startsWith(PREFIX) ? keyOfSealed(PREFIX, bearer, host) : keyOfWord(bearer, host);
  return keyOfWord(headers["ocp-apim-subscription-key"] ?? asked.get("Ocp-Apim-Subscription-Key") ?? "", host);
}
