import { EngineError, type ErrorCode } from "#engine/plugin";
import type { NlsEvent } from "./wire.ts";

/** What a status says, and which of our codes it is. */
export interface StatusMeaning {
  readonly name: string;
  readonly code: ErrorCode;
  /** What the workflow's writer can do about it. */
  readonly mend?: string;
}

const TOKEN = "set a token that is good, or accessKeyId and accessKeySecret, by which tokens are made";
const APPKEY = "look at appkey, which has to be a project of the same account";
const PARAMETERS = "look at the node's settings, extra among them";
const CONCURRENCY = "set concurrency to what the account may have at once";

/**
 * The service's list of statuses. What a token may be to blame for is VENDOR_TOKEN_EXPIRED, which asks for a new one.
 * @see https://help.aliyun.com/zh/isi/developer-reference/service-status-codes
 */
export const STATUSES: Readonly<Record<number, StatusMeaning>> = {
  403: { name: "FORBIDDEN", code: "VENDOR_TOKEN_EXPIRED", mend: TOKEN },
  40000000: { name: "CLIENT_ERROR", code: "VENDOR_REFUSED" },
  40000001: { name: "ACCESS_DENIED", code: "VENDOR_TOKEN_EXPIRED", mend: TOKEN },
  40000002: { name: "MESSAGE_INVALID", code: "VENDOR_REFUSED" },
  40000003: { name: "PARAMETER_INVALID", code: "VENDOR_REFUSED", mend: PARAMETERS },
  40000004: { name: "IDLE_TIMEOUT", code: "VENDOR_LOST" },
  40000005: { name: "TOO_MANY_REQUESTS", code: "VENDOR_RATE_LIMITED", mend: CONCURRENCY },
  40000009: { name: "AUDIO_HEADER_INVALID", code: "VENDOR_REFUSED" },
  40000010: {
    name: "FREE_TRIAL_EXPIRED",
    code: "VENDOR_QUOTA_EXHAUSTED",
    mend: "order the service in the vendor's console",
  },
  40010001: { name: "NAMESPACE_NOT_FOUND", code: "VENDOR_REFUSED" },
  40010003: { name: "DIRECTIVE_INVALID", code: "VENDOR_REFUSED", mend: PARAMETERS },
  40010004: { name: "CLIENT_DISCONNECT", code: "VENDOR_LOST" },
  40010005: { name: "TASK_STATE_ERROR", code: "VENDOR_REFUSED" },
  40020105: { name: "APPKEY_NOT_EXIST", code: "VENDOR_KEY_REFUSED", mend: APPKEY },
  40020106: { name: "APPKEY_UID_MISMATCH", code: "VENDOR_KEY_REFUSED", mend: APPKEY },
  40270002: { name: "NO_VALID_AUDIO", code: "VENDOR_REFUSED" },
  40270003: {
    name: "DECODE_ERROR",
    code: "VENDOR_REFUSED",
    mend: "format and sampleRateHz have to be those of the audio",
  },
  41000002: { name: "APPKEY_KEY_IS_NULL", code: "VENDOR_KEY_REFUSED", mend: APPKEY },
  41000003: { name: "APPKEY_ENDPOINT_UNKNOWN", code: "VENDOR_KEY_REFUSED", mend: APPKEY },
  41010100: { name: "UNSUPPORTED_FORMAT", code: "VENDOR_REFUSED", mend: "set another format" },
  41010101: {
    name: "UNSUPPORTED_SAMPLE_RATE",
    code: "VENDOR_REFUSED",
    mend: "sampleRateHz has to be that of the appkey's project",
  },
  41010104: {
    name: "TOO_LONG_SPEECH",
    code: "AUDIO_TOO_LONG",
    mend: "set mode: continuous, or put a detector in front that cuts speech before 60 s",
  },
  41020001: { name: "TTS_CLIENT_ERROR", code: "VENDOR_REFUSED", mend: "look at voice and at the SSML" },
  41040201: { name: "GET_CLIENT_DATA_TIMEOUT", code: "VENDOR_LOST" },
  41050002: { name: "FILE_DOWNLOAD_FAILED", code: "VENDOR_FAILED" },
  43040001: { name: "CONCURRENCY_EXCEEDED", code: "VENDOR_RATE_LIMITED", mend: CONCURRENCY },
  50000000: { name: "SERVER_ERROR", code: "VENDOR_FAILED" },
  50000001: { name: "GRPC_ERROR", code: "VENDOR_FAILED" },
  50020003: { name: "ROUTE_GROUP_NOT_FOUND", code: "VENDOR_REFUSED" },
  51020001: { name: "TTS_SERVER_ERROR", code: "VENDOR_FAILED" },
  51040104: { name: "SENTENCE_TIMEOUT", code: "VENDOR_FAILED" },
  52010001: { name: "GRPC_ERROR", code: "VENDOR_FAILED" },
};

/** The task held no speech: an answer, though it comes as a failure. */
export const NO_VALID_AUDIO = 40_270_002;

/** Of a status that is in no list, the first digit tells whose fault it was. */
export const meaningOf = (status: number): StatusMeaning =>
  STATUSES[status] ?? {
    name: "UNKNOWN",
    code: `${status}`.startsWith("5") ? "VENDOR_FAILED" : "VENDOR_REFUSED",
  };

/** A voice may be closed to an account whose token is good: a new token would not help. */
const ABOUT_PRIVILEGE = /privilege/i;
const PRIVILEGE = "the account may not use this voice or model";

/**
 * The error that a `TaskFailed` stands for. The vendor's own words stay out of it, as they may repeat a token.
 * @param canRenew whether another token can be had; without, one that is refused can never work again.
 */
export function taskFailure(event: NlsEvent, canRenew: boolean): EngineError {
  const { status, taskId } = event;
  const meaning = meaningOf(status);
  const code = codeOf(meaning, event, canRenew);
  const mend = code === "VENDOR_REFUSED" && meaning.mend === TOKEN ? PRIVILEGE : meaning.mend;
  const advice = mend === undefined ? "" : `: ${mend}`;
  return new EngineError(code, `Aliyun failed the task: ${status} ${meaning.name}${advice}`, {
    details: { vendorCode: status, vendorName: meaning.name, ...(taskId !== undefined && { taskId }) },
  });
}

function codeOf({ code }: StatusMeaning, { statusText }: NlsEvent, canRenew: boolean): ErrorCode {
  if (code !== "VENDOR_TOKEN_EXPIRED") return code;
  if (ABOUT_PRIVILEGE.test(statusText)) return "VENDOR_REFUSED";
  return canRenew ? code : "VENDOR_KEY_REFUSED";
}
