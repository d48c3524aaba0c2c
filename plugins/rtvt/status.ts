import { EngineError, type ErrorCode, refusedParams } from "#engine/plugin";

/** What a code says, and which of ours it is. */
export interface StatusMeaning {
  readonly name: string;
  readonly code: ErrorCode;
  /** What the workflow's writer can do about it. */
  readonly mend?: string;
}

const CREDENTIALS = "look at pid and key";
const SETTINGS = "look at the node's settings";

/**
 * Codes of the service (800000 and up), of the framing below it (10001 to 30002), and those that the vendor's own client libraries make up.
 * What asks for a new connection, login and stream is VENDOR_LOST.
 */
export const STATUSES: Readonly<Record<number, StatusMeaning>> = {
  10001: { name: "PROTOCOL_UNKNOWN", code: "VENDOR_PROTOCOL" },
  10002: { name: "PROTOCOL_NOT_SUPPORTED", code: "VENDOR_PROTOCOL" },
  10003: { name: "PACKAGE_INVALID", code: "VENDOR_PROTOCOL" },
  10004: { name: "JSON_CONVERSION", code: "VENDOR_PROTOCOL" },
  10005: { name: "KEY_NOT_STRING", code: "VENDOR_PROTOCOL" },
  10006: { name: "VALUE_NOT_MAP", code: "VENDOR_PROTOCOL" },
  10007: { name: "METHOD_TYPE", code: "VENDOR_PROTOCOL" },
  10008: { name: "PROTOCOL_TYPE", code: "VENDOR_PROTOCOL" },
  10009: { name: "KEY_NOT_FOUND", code: "VENDOR_REFUSED", mend: SETTINGS },
  10010: { name: "TYPE_CONVERSION", code: "VENDOR_REFUSED", mend: SETTINGS },
  10011: { name: "FILE_SIGNATURE", code: "VENDOR_REFUSED" },
  10012: { name: "FILE_MISSING", code: "VENDOR_REFUSED" },
  20001: { name: "CORE_UNKNOWN", code: "VENDOR_FAILED" },
  20002: { name: "CONNECTION_CLOSED", code: "VENDOR_LOST" },
  20003: { name: "QUEST_TIMEOUT", code: "VENDOR_LOST" },
  20004: { name: "UNKNOWN_METHOD", code: "VENDOR_REFUSED" },
  20005: { name: "ENCODING", code: "VENDOR_PROTOCOL" },
  20006: { name: "DECODING", code: "VENDOR_PROTOCOL" },
  20007: { name: "SEND", code: "VENDOR_LOST" },
  20008: { name: "RECEIVE", code: "VENDOR_LOST" },
  20009: { name: "CORE_PACKAGE_INVALID", code: "VENDOR_PROTOCOL" },
  20010: { name: "HTTP", code: "VENDOR_FAILED" },
  20011: { name: "QUEUE_FULL", code: "VENDOR_RATE_LIMITED" },
  20012: { name: "CONNECTION_INVALID", code: "VENDOR_UNREACHABLE" },
  20013: { name: "FORBIDDEN", code: "VENDOR_REFUSED" },
  20014: { name: "SERVER_STOPPING", code: "VENDOR_LOST" },
  20015: { name: "CANCELLED", code: "VENDOR_FAILED" },
  30001: { name: "COMPRESS", code: "VENDOR_PROTOCOL" },
  30002: { name: "DECOMPRESS", code: "VENDOR_PROTOCOL" },
  200099: { name: "LOCAL_STATE", code: "VENDOR_REFUSED" },
  300001: { name: "LOCAL_TOKEN_INVALID", code: "VENDOR_KEY_REFUSED", mend: CREDENTIALS },
  300002: { name: "LOCAL_FRAME_LENGTH", code: "VENDOR_REFUSED" },
  300003: { name: "LOCAL_STREAM_UNKNOWN", code: "VENDOR_LOST" },
  800000: { name: "UNKNOWN", code: "VENDOR_FAILED" },
  800001: { name: "LOGIN_AGAIN", code: "VENDOR_LOST" },
  800002: { name: "NOT_LOGGED_IN", code: "VENDOR_LOST" },
  800003: { name: "PARAMETER_INVALID", code: "VENDOR_REFUSED", mend: SETTINGS },
  800005: { name: "LOGIN_FAILED", code: "VENDOR_KEY_REFUSED", mend: CREDENTIALS },
  800101: { name: "TIME_INVALID", code: "VENDOR_TOKEN_EXPIRED", mend: "look at the clock of this machine" },
  800102: { name: "TOKEN_INVALID", code: "VENDOR_KEY_REFUSED", mend: CREDENTIALS },
  800103: { name: "PID_INVALID", code: "VENDOR_KEY_REFUSED", mend: CREDENTIALS },
  800105: {
    name: "LANGUAGE_UNSUPPORTED",
    code: "LANGUAGE_UNSUPPORTED",
    mend: "source, alternatives and target have to be languages of the project",
  },
  800106: { name: "TOO_MANY_LANGUAGES", code: "VENDOR_REFUSED", mend: "name fewer alternatives" },
  800107: {
    name: "STREAM_LIMIT",
    code: "VENDOR_RATE_LIMITED",
    mend: "set concurrency to the streams that the project may have at once",
  },
  800200: { name: "STREAM_UNKNOWN", code: "VENDOR_LOST" },
};

/** Codes that a gateway answers with. */
export const NOT_LOGGED_IN = 800_002;
export const PARAMETER_INVALID = 800_003;
export const TIME_INVALID = 800_101;
export const TOKEN_INVALID = 800_102;
export const PID_INVALID = 800_103;
export const LANGUAGES_TOO_MANY = 800_106;
export const STREAM_LIMIT = 800_107;
export const STREAM_UNKNOWN = 800_200;
export const UNKNOWN_METHOD = 20_004;
const LANGUAGE_UNSUPPORTED = 800_105;
const FAILED = 800_000;
/** Of a workflow, what the languages of a client become. */
const LANGUAGE_PARAMS = ["source", "alternatives", "target", "targets"];

/** A code in no list may be right the next time. */
export const meaningOf = (vendorCode: number): StatusMeaning =>
  STATUSES[vendorCode] ?? { name: "UNLISTED", code: "VENDOR_FAILED" };

/** The error that an answer of the vendor stands for; its own words stay out of it. @param method of the call that it answers. */
export function refusal(method: string, vendorCode: number): EngineError {
  const { name, code, mend } = meaningOf(vendorCode);
  const advice = mend === undefined ? "" : `: ${mend}`;
  return new EngineError(code, `RTVT answered ${method} with ${vendorCode} ${name}${advice}`, {
    details: { vendorCode, vendorName: name, method },
  });
}

/** What a gateway tells the vendor's clients of a failure of ours. */
export function vendorCodeOf(error: unknown): number {
  if (!(error instanceof EngineError)) return FAILED;
  if (refusedParams(error).some((param) => LANGUAGE_PARAMS.includes(param))) return LANGUAGE_UNSUPPORTED;
  switch (error.code) {
    case "LANGUAGE_UNSUPPORTED":
      return LANGUAGE_UNSUPPORTED;
    case "QUOTA_EXCEEDED":
    case "SERVER_BUSY":
    case "SERVER_DRAINING":
    case "VENDOR_RATE_LIMITED":
      return STREAM_LIMIT;
    case "CONFIG_INVALID":
    case "CODEC_UNSUPPORTED":
    case "AUDIO_FORMAT_UNSUPPORTED":
    case "AUDIO_NOT_RECOGNISED":
    case "WORKFLOW_INVALID":
      return PARAMETER_INVALID;
    default:
      return FAILED;
  }
}
