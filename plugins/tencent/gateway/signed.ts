import { equalSecrets, type GatewayHost, type GatewayKey, type Incoming } from "#engine/plugin";
import { type Parameters, readQuery, signSha1 } from "../signatures.ts";

/** A request whose query, or body, is signed in the older way. */
export interface SignedRequest {
  readonly request: Incoming;
  /** What the signature begins with: `POST`, `GET` or nothing. */
  readonly method: string;
  /** The vendor's own host and path; a client may also sign the host that it called. */
  readonly place: string;
  readonly parameters: Parameters;
  readonly signature: string;
}

/** Whether the key's secret made the signature. */
export function isSigned({ request, method, place, parameters, signature }: SignedRequest, key: GatewayKey): boolean {
  const called = request.headers.host ?? "";
  const path = request.sentPath ?? request.path;
  const places = [place, `${called}${path}`, `${called.replace(/:\d+$/, "")}${path}`];
  return places.some((one) => equalSecrets(signSha1(`${method}${one}`, parameters, key.secret), signature));
}

/**
 * The query as its sender means it. What was signed tells: the vendor's client for Go writes the spaces of a text as pluses, others write a plus as it is.
 * @param read the query with pluses as they are; the signature in it is taken for what it says.
 * @returns undefined where the signature is of neither reading.
 */
export function readAsSigned(
  read: Readonly<Record<string, string>>,
  call: Omit<SignedRequest, "parameters">,
  key: GatewayKey,
): Readonly<Record<string, string>> | undefined {
  if (isSigned({ ...call, parameters: read }, key)) return read;
  const { signature: _, Signature: __, ...spaced } = readQuery(call.request.query, " ") ?? {};
  return isSigned({ ...call, parameters: spaced }, key) ? spaced : undefined;
}

/** Whether the account that a path or parameter names is the key's. A key that names none may speak for any. */
export const isAccountOf = (appId: string, { facts }: GatewayKey): boolean =>
  facts.appid === undefined || facts.appid === appId;

/** A signature may hold for less than this. */
export const MOST_VALID_S = 90 * 86_400;

/** Why the times of a request are not right; undefined where they are. */
export function timeFault(
  timestamp: number,
  expired: number | undefined,
  host: GatewayHost,
  toleranceS: number,
): "expired" | "too long" | undefined {
  const nowS = host.epochMs() / 1000;
  if (expired !== undefined && expired - timestamp >= MOST_VALID_S) return "too long";
  if (Math.abs(nowS - timestamp) > toleranceS || (expired !== undefined && nowS > expired)) return "expired";
  return undefined;
}

/** A whole number as parameters hold it; undefined for anything else. */
export const wholeNumber = (text: string | undefined): number | undefined =>
  text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
