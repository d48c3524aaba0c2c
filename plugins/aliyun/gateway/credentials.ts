import { type GatewayHost, type GatewayKey, keyOfSealed, keyOfWord, sealToken } from "#engine/plugin";

const PREFIX = "nls1.";

/** What `CreateToken` gives out. @param expiresAtMs Unix time. */
export const newToken = (key: GatewayKey, expiresAtMs: number): string => sealToken(PREFIX, key, expiresAtMs);

/**
 * The key that a client's token belongs to; undefined for one that is none, has ended, or whose key is gone. Beside the tokens of
 * `CreateToken` these are taken: `<key id>.<secret>`, and a key whose id and secret are both the token.
 */
export const keyOfToken = (token: string, host: GatewayHost): Promise<GatewayKey | undefined> =>
  token.startsWith(PREFIX) ? keyOfSealed(PREFIX, token, host) : keyOfWord(token, host);

/** The appkeys that a key may use, by its fact `appkey`, several with commas between; undefined where it may use any. */
export const appkeysOf = (key: GatewayKey): readonly string[] | undefined =>
  key.facts.appkey?.split(",").map((appkey) => appkey.trim());
