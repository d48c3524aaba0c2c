import { type ConnectionEnd, EngineError, type ErrorCode } from "#engine/plugin";
import type { RecognitionStatus } from "./wire/recognised.ts";

interface Meaning {
  readonly code: ErrorCode;
  readonly words: string;
}

/** Of a phrase; those that are answers stand in none. */
const STATUSES: Partial<Record<RecognitionStatus, Meaning>> = {
  Error: { code: "VENDOR_FAILED", words: "met an error of its own" },
  TooManyRequests: {
    code: "VENDOR_RATE_LIMITED",
    words: "has too many requests of this resource at once: lower concurrency, or raise the resource's quota",
  },
  BadRequest: {
    code: "VENDOR_REFUSED",
    words: "does not take a parameter or the audio's format: look at the node's settings",
  },
  Forbidden: {
    code: "VENDOR_QUOTA_EXHAUSTED",
    words: "says that the free quota is used up: look at the resource's pricing tier",
  },
};

/** The failure that a phrase tells of, if it does. */
export function phraseFailure(status: RecognitionStatus): EngineError | undefined {
  const meaning = STATUSES[status];
  return meaning && new EngineError(meaning.code, `Azure ${meaning.words}`, { details: { vendorCode: status } });
}

/** Of an HTTP answer, at the upgrade or to a call. */
const HTTP: Readonly<Record<number, Meaning>> = {
  400: { code: "VENDOR_REFUSED", words: "does not take the parameters: look at the node's settings" },
  401: { code: "VENDOR_KEY_REFUSED", words: "refused the key or token: set one that is good for this resource" },
  403: {
    code: "VENDOR_KEY_REFUSED",
    words: "refused the key or token, or it is not for this region: look at key and region",
  },
  404: { code: "VENDOR_REFUSED", words: "knows no such address: look at region and endpoint" },
  415: { code: "VENDOR_REFUSED", words: "does not take the media type" },
  429: {
    code: "VENDOR_RATE_LIMITED",
    words: "has too many requests of this resource: lower concurrency, or raise the resource's quota",
  },
};

/** @param details what the service said by which name, without its words. */
export function httpFailure(status: number, cause?: unknown): EngineError {
  const meaning = HTTP[status] ?? {
    code: status >= 500 ? "VENDOR_FAILED" : "VENDOR_REFUSED",
    words: `answered with ${status}`,
  };
  return new EngineError(meaning.code, `Azure ${meaning.words}`, {
    details: { status },
    ...(cause !== undefined && { cause }),
  });
}

const BAD_DATA = 1007;
const PROTOCOL_ERROR = 1002;
const UNSUPPORTED = 1003;
/** The service's own: the client did something that it must not do again. */
const FATAL = 4000;

/** What the end of a socket means in the midst of a turn. */
export function closeFailure({ code }: ConnectionEnd): EngineError {
  const details = { ...(code !== undefined && { closeCode: code }) };
  const refused = code === BAD_DATA || code === PROTOCOL_ERROR || code === UNSUPPORTED || code === FATAL;
  return new EngineError(
    refused ? "VENDOR_REFUSED" : "VENDOR_LOST",
    `Azure closed the socket in the midst of a turn, with code ${code ?? "none"}`,
    { details },
  );
}
