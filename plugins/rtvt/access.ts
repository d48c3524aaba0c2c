import { z } from "zod";
import { fromEnv, secret } from "#engine/plugin";
import { isBase64, loginToken } from "./token/signature.ts";
import { readPublicKey } from "./wire/cipher.ts";

const isPublicKey = (pem: string): boolean => {
  try {
    readPublicKey(pem);
    return true;
  } catch {
    return false;
  }
};

/** The fields of a node's config by which it gets in. */
export const accessFields = {
  url: z
    .url({ protocol: /^(?:tcp|tls|wss?)$/ })
    .default("tcp://rtvt.ilivedata.com:14001")
    .describe("The service: tcp://host:port, or wss://host:port/service/websocket."),
  pid: fromEnv(z.coerce.number().int().min(1).max(Number.MAX_SAFE_INTEGER), "RTVT_PID").describe(
    "The project's number.",
  ),
  key: secret(fromEnv(z.string().refine(isBase64, "the project's key in base64 was wanted"), "RTVT_KEY")).describe(
    "The project's key, in base64 as the vendor's console shows it. It signs logins and is not sent.",
  ),
  uid: z
    .union([z.int(), z.string().min(1)])
    .optional()
    .describe("The user on whose behalf, for the vendor's console; not signed."),
  encryption: z
    .strictObject({
      publicKey: z
        .string()
        .refine(isPublicKey, "a public key in PEM was wanted, of secp256k1, secp256r1, secp224r1 or secp192r1")
        .describe("Of the service, in PEM."),
      bits: z.literal([128, 256]).default(128).describe("Of the cipher's key."),
      streamMode: z
        .boolean()
        .default(false)
        .describe("One cipher state for a direction, in place of one for a packet."),
    })
    .optional()
    .describe("Enciphers the connection. Whether the public service takes it is not known."),
};

export type AccessSettings = z.output<z.ZodObject<typeof accessFields>>;

/** What the service is told of who calls. */
const VERSION = "parlando-1";

/** The values of a login, its token made for this moment. @param epochMs Unix time. */
export function loginValues({ pid, key, uid }: AccessSettings, epochMs: number): Record<string, unknown> {
  const ts = Math.floor(epochMs / 1000);
  return { pid, token: loginToken(key, pid, ts), ts, ...(uid !== undefined && { uid }), version: VERSION };
}

/** What identifies the credential, for limits that its users share. */
export const credentialOf = ({ url, pid, key }: AccessSettings): readonly string[] => ["rtvt", url, `${pid}`, key];
