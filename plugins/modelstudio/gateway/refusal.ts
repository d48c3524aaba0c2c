import type { EngineError, ErrorCode, Outgoing } from "#engine/plugin";

/** A failure in the vendor's terms. */
export interface Refusal {
  readonly code: string;
  readonly words: string;
}

export const refusal = (code: string, words: string): Refusal => ({ code, words });

/** What a script asks for. */
export const scriptedRefusal = (code: number | string | undefined): Refusal =>
  refusal(typeof code === "string" ? code : "InternalError", "scripted");

export const INVALID_KEY = refusal("InvalidApiKey", "Invalid API-key provided.");
export const THROTTLED = refusal("Throttling.RateQuota", "Requests rate limit exceeded, please try again later.");

const BY_CODE: Partial<Record<ErrorCode, string>> = {
  CONFIG_INVALID: "InvalidParameter",
  WORKFLOW_INVALID: "InvalidParameter",
  LANGUAGE_UNSUPPORTED: "InvalidParameter",
  VOICE_UNKNOWN: "InvalidParameter",
  KEY_REFUSED: "AccessDenied",
  SCOPE_MISSING: "AccessDenied",
  QUOTA_EXCEEDED: "Throttling.AllocationQuota",
  SERVER_BUSY: "Throttling.RateQuota",
  VENDOR_RATE_LIMITED: "Throttling.RateQuota",
  VENDOR_QUOTA_EXHAUSTED: "Arrearage",
  AUDIO_FORMAT_UNSUPPORTED: "UNSUPPORTED_FORMAT",
  CODEC_UNSUPPORTED: "UNSUPPORTED_FORMAT",
  AUDIO_NOT_RECOGNISED: "DECODE_ERROR",
  AUDIO_DAMAGED: "DECODE_ERROR",
  AUDIO_TRUNCATED: "DECODE_ERROR",
  AUDIO_EMPTY: "NO_VALID_AUDIO_ERROR",
  AUDIO_TOO_LONG: "InvalidParameter",
  RESULT_LATE: "ResponseTimeout",
};

/** What the failure of a run is to a client of this service: our code alone, for its message may speak of the server. */
export function refusalOf(error: EngineError | undefined): Refusal {
  const code = error?.code ?? "INTERNAL";
  return refusal(BY_CODE[code] ?? "InternalError", code);
}

const STATUS: readonly (readonly [prefix: string, status: number])[] = [
  ["InvalidApiKey", 401],
  ["AccessDenied", 403],
  ["ModelNotFound", 404],
  ["NotFound", 404],
  ["Throttling", 429],
  ["Internal", 500],
  ["ResponseTimeout", 504],
];

/** The same as an answer to a call. */
export const refusedCall = ({ code, words }: Refusal, requestId: string): Outgoing =>
  answered(
    { code, message: words, request_id: requestId },
    STATUS.find(([prefix]) => code.startsWith(prefix))?.[1] ?? 400,
  );

export const answered = (body: unknown, status = 200): Outgoing => ({
  status,
  headers: { "content-type": "application/json" },
  body: JSON.stringify(body),
});
