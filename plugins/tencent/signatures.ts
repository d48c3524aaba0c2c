import { createHash, createHmac } from "node:crypto";

/** Parameters of a query, in no order; numbers are written in decimal. */
export type Parameters = Readonly<Record<string, string | number>>;

/** RFC 3986: all but letters, digits and `-_.~` of the UTF-8 bytes. `encodeURIComponent` leaves five more as they are. */
export const percentEncode = (text: string): string =>
  encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`,
  );

/** Sorted by name in code-point order; an empty value still has its equals sign. */
const sorted = (parameters: Parameters): readonly (readonly [string, string])[] =>
  Object.entries(parameters)
    .map(([name, value]) => [name, String(value)] as const)
    .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));

/** What is signed: method and place, a question mark, and all parameters as they are, without any encoding. */
export const stringToSign = (place: string, parameters: Parameters): string =>
  `${place}?${sorted(parameters)
    .map(([name, value]) => `${name}=${value}`)
    .join("&")}`;

/** The same parameters as they travel: every value percent-encoded. */
export const wireQuery = (parameters: Parameters): string =>
  sorted(parameters)
    .map(([name, value]) => `${percentEncode(name)}=${percentEncode(value)}`)
    .join("&");

/**
 * The older signature, of recordings, sockets and flowing text alike: base64 of HMAC-SHA1.
 * @param place method, host and path run together: `POSTaai.qcloud.com/asr/v1/1250000000`. Sockets of recognition have no method, sockets of synthesis `GET`.
 */
export const signSha1 = (place: string, parameters: Parameters, secretKey: string): string =>
  createHmac("sha1", secretKey).update(stringToSign(place, parameters)).digest("base64");

/**
 * The parameters of a query, percent-decoded.
 * @param plus what a plus stands for: itself, as most clients have it, or the space of those that encode as forms do.
 * @returns undefined where a name comes twice, or the encoding is broken.
 */
export function readQuery(query: string, plus: "+" | " " = "+"): Record<string, string> | undefined {
  const found = new Map<string, string>();
  for (const part of query.split("&")) {
    if (part === "") continue;
    const equals = part.indexOf("=");
    const name = decoded(equals < 0 ? part : part.slice(0, equals));
    const value = decoded(equals < 0 ? "" : part.slice(equals + 1).replaceAll("+", plus));
    if (name === undefined || value === undefined || found.has(name)) return undefined;
    found.set(name, value);
  }
  return Object.fromEntries(found);
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

/** A call as TC3-HMAC-SHA256 signs it. */
export interface Tc3Call {
  /** Seconds since 1970. */
  readonly timestampS: number;
  readonly service: string;
  /** By lower-case name; all that are named in `signed` are there. */
  readonly headers: Readonly<Record<string, string>>;
  /** Lower-case names, in order. */
  readonly signed: readonly string[];
  readonly body: string | Uint8Array;
}

const hmac256 = (key: string | Uint8Array, text: string): Buffer => createHmac("sha256", key).update(text).digest();
const sha256 = (data: string | Uint8Array): string => createHash("sha256").update(data).digest("hex");

/** `YYYY-MM-DD` in UTC. */
const dateOf = (timestampS: number): string => new Date(timestampS * 1000).toISOString().slice(0, 10);

/** Clients that sign the action sign it in lower case. */
const canonicalHeader = (name: string, value: string): string =>
  `${name}:${name === "x-tc-action" ? value.trim().toLowerCase() : value.trim()}\n`;

export const tc3CanonicalRequest = ({ headers, signed, body }: Tc3Call): string =>
  `POST\n/\n\n${signed.map((name) => canonicalHeader(name, headers[name] ?? "")).join("")}\n${signed.join(";")}\n${sha256(body)}`;

/** The keys that the signature is made with, each from the one before. */
export function tc3Keys(secretKey: string, date: string, service: string): readonly [Buffer, Buffer, Buffer] {
  const ofDate = hmac256(`TC3${secretKey}`, date);
  const ofService = hmac256(ofDate, service);
  return [ofDate, ofService, hmac256(ofService, "tc3_request")];
}

/** In lower-case hex. */
export function signTc3(call: Tc3Call, secretKey: string): string {
  const date = dateOf(call.timestampS);
  const scope = `${date}/${call.service}/tc3_request`;
  const text = `TC3-HMAC-SHA256\n${call.timestampS}\n${scope}\n${sha256(tc3CanonicalRequest(call))}`;
  return hmac256(tc3Keys(secretKey, date, call.service)[2], text).toString("hex");
}

/** The header `Authorization` of a call. */
export const tc3Authorization = (call: Tc3Call, secretId: string, secretKey: string): string =>
  `TC3-HMAC-SHA256 Credential=${secretId}/${dateOf(call.timestampS)}/${call.service}/tc3_request, SignedHeaders=${call.signed.join(";")}, Signature=${signTc3(call, secretKey)}`;

/** What such a header says. */
export interface Tc3Claim {
  readonly secretId: string;
  readonly date: string;
  /** The vendor's clients for Java and Node take it from the address that they call: `127` of 127.0.0.1. */
  readonly service: string;
  readonly signed: readonly string[];
  readonly signature: string;
}

const AUTHORIZATION =
  /^TC3-HMAC-SHA256\s+Credential=([^/,\s]+)\/(\d{4}-\d\d-\d\d)\/([a-z0-9-]+)\/tc3_request,\s*SignedHeaders=([a-z0-9;-]+),\s*Signature=([0-9a-f]{64})$/;

/** Reads the header; undefined where it is none, or leaves out what has to be signed. */
export function readTc3Authorization(header: string): Tc3Claim | undefined {
  const [, secretId = "", date = "", service = "", names = "", signature = ""] =
    AUTHORIZATION.exec(header.trim()) ?? [];
  const signed = names.split(";");
  if (secretId === "" || !signed.includes("content-type") || !signed.includes("host")) return undefined;
  return { secretId, date, service, signed, signature };
}
