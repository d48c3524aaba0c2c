import { z } from "zod";
import { EngineError, type ErrorCode } from "#engine/plugin";

/**
 * The service's error codes, which are names. A name that is not here counts as the part before its last dot.
 * @see https://help.aliyun.com/zh/model-studio/error-code
 */
export const CODES: Readonly<Record<string, ErrorCode>> = {
  InvalidApiKey: "VENDOR_KEY_REFUSED",
  AccessDenied: "VENDOR_KEY_REFUSED",
  "AccessDenied.Unpurchased": "VENDOR_QUOTA_EXHAUSTED",
  "Model.AccessDenied": "VENDOR_REFUSED",
  "Workspace.AccessDenied": "VENDOR_KEY_REFUSED",
  Arrearage: "VENDOR_QUOTA_EXHAUSTED",
  ModelNotFound: "VENDOR_REFUSED",
  InvalidParameter: "VENDOR_REFUSED",
  DataInspectionFailed: "VENDOR_REFUSED",
  Throttling: "VENDOR_RATE_LIMITED",
  "Throttling.RateQuota": "VENDOR_RATE_LIMITED",
  "Throttling.AllocationQuota": "VENDOR_RATE_LIMITED",
  CLIENT_ERROR: "VENDOR_LOST",
  ResponseTimeout: "VENDOR_FAILED",
  RequestTimeOut: "VENDOR_FAILED",
  InternalError: "VENDOR_FAILED",
  "InternalError.Algo": "VENDOR_FAILED",
  SERVER_ERROR: "VENDOR_FAILED",
  UNSUPPORTED_FORMAT: "VENDOR_REFUSED",
  DECODE_ERROR: "VENDOR_REFUSED",
  NO_VALID_AUDIO_ERROR: "VENDOR_REFUSED",
  // of the real-time protocol, which names kinds of errors, too
  invalid_request_error: "VENDOR_REFUSED",
  invalid_value: "VENDOR_REFUSED",
  server_error: "VENDOR_FAILED",
};

/** The task held no speech: an answer, though it comes as a failure. */
export const NO_VALID_AUDIO = "NO_VALID_AUDIO_ERROR";

/** The speech engine's own number for a voice that does not fit the model. */
const WRONG_VOICE = /\bcode: 418\b/;

/** How long a name may be that is repeated in details: a foreign server may send anything. */
const MOST_CHARACTERS = 80;

/** What is known of a failure. */
export interface Failure {
  readonly code: string;
  /** The vendor's own words: looked at, never repeated. */
  readonly words?: string | undefined;
  /** Of the real-time protocol: the kind of error, where the code is not known. */
  readonly kind?: string | undefined;
  /** Of an HTTP answer. */
  readonly status?: number;
  readonly taskId?: string | undefined;
}

/** Which of our codes a failure is. One that is not known may be tried again only where its HTTP status says so. */
export function codeOf({ code, words = "", kind, status = 0 }: Failure): ErrorCode {
  if (code === "InvalidParameter" && WRONG_VOICE.test(words)) return "VOICE_UNKNOWN";
  for (let name = code; name !== ""; name = name.slice(0, Math.max(0, name.lastIndexOf(".")))) {
    const known = CODES[name];
    if (known !== undefined) return known;
  }
  if (kind !== undefined && CODES[kind] !== undefined) return CODES[kind];
  if (status === 429) return "VENDOR_RATE_LIMITED";
  if (status === 401) return "VENDOR_KEY_REFUSED";
  return status >= 500 ? "VENDOR_FAILED" : "VENDOR_REFUSED";
}

/**
 * The error that a failure of the service is.
 * @param what failed, for people: a task, a recording. @param renewable a key that was refused can be replaced by another.
 */
export function vendorFailure(failure: Failure, what: string, renewable = false): EngineError {
  const found = codeOf(failure);
  const code = renewable && found === "VENDOR_KEY_REFUSED" ? "VENDOR_TOKEN_EXPIRED" : found;
  const { status, taskId } = failure;
  const vendorCode = /^[\w.-]+$/.test(failure.code) ? failure.code.slice(0, MOST_CHARACTERS) : "unnamed";
  return new EngineError(code, `Model Studio failed ${what}: ${vendorCode}`, {
    details: { vendorCode, ...(status !== undefined && { status }), ...(taskId !== undefined && { taskId }) },
  });
}

const errorBody = z.looseObject({ code: z.string(), message: z.string().nullish() });

/** What an HTTP answer with another status than 200 is. @param body whatever came. */
export function httpFailure(status: number, body: string, what: string, renewable = false): EngineError {
  const parsed = errorBody.safeParse(jsonOf(body));
  const { code, message } = parsed.success ? parsed.data : { code: `HTTP.${status}`, message: "" };
  return vendorFailure({ code, words: message ?? "", status }, what, renewable);
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
