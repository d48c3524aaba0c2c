import { createHmac } from "node:crypto";

/** The RPC signing style of Aliyun's older HTTP services, as `CreateToken` wants it: HMAC-SHA1 over sorted, percent-encoded parameters. */
export interface SignedCall {
  /** All parameters in canonical form, `Signature` last: a query, or the body of a form. */
  readonly query: string;
  /** Base64, before percent encoding. */
  readonly signature: string;
}

/** What a `CreateToken` call says. */
export interface TokenCall {
  readonly accessKeyId: string;
  /** Unique for every call; a uuid is usual. */
  readonly nonce: string;
  /** UTC, `YYYY-MM-DDTHH:MM:SSZ`. */
  readonly timestamp: string;
  readonly regionId?: string;
  /** Goes with temporary credentials only. */
  readonly securityToken?: string;
}

/** RFC 3986: all but letters, digits and `-_.~` of the UTF-8 bytes. `encodeURIComponent` leaves five more as they are. */
export const percentEncode = (text: string): string =>
  encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`,
  );

/** The parameters of a call, in no order. */
export const tokenParameters = (call: TokenCall): Record<string, string> => ({
  Action: "CreateToken",
  Version: "2019-02-28",
  Format: "JSON",
  ...(call.regionId === undefined ? {} : { RegionId: call.regionId }),
  AccessKeyId: call.accessKeyId,
  SignatureMethod: "HMAC-SHA1",
  SignatureVersion: "1.0",
  SignatureNonce: call.nonce,
  Timestamp: call.timestamp,
  ...(call.securityToken === undefined ? {} : { SecurityToken: call.securityToken }),
});

/** Parameters sorted by name in byte order, encoded and joined; a `Signature` among them is left out. */
export const canonicalQuery = (parameters: Readonly<Record<string, string>>): string =>
  Object.keys(parameters)
    .filter((name) => name !== "Signature")
    .sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
    .map((name) => `${percentEncode(name)}=${percentEncode(parameters[name] ?? "")}`)
    .join("&");

export const stringToSign = (method: "GET" | "POST", canonical: string): string =>
  `${method}&%2F&${percentEncode(canonical)}`;

export function signCall(
  method: "GET" | "POST",
  parameters: Readonly<Record<string, string>>,
  accessKeySecret: string,
): SignedCall {
  const canonical = canonicalQuery(parameters);
  const signature = createHmac("sha1", `${accessKeySecret}&`).update(stringToSign(method, canonical)).digest("base64");
  return { query: `${canonical}&Signature=${percentEncode(signature)}`, signature };
}

/** A point in time as the service writes it. @param ms since 1970. */
export const timestampOf = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19)}Z`;
