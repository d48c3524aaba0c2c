import { asEngineError, type ErrorCode } from "#engine/plugin";

/** The vendor's codes for what can go wrong behind its gateway, interface by interface. */
interface Codes {
  readonly realtime: number;
  readonly callback: number;
  readonly flash: number;
  readonly named: string;
}

const UNREADABLE: Codes = { realtime: 4007, callback: 10000, flash: 4007, named: "FailedOperation.ErrorRecognize" };
const TOO_LONG: Codes = { realtime: 4001, callback: 10002, flash: 4011, named: "FailedOperation.ErrorRecognize" };
const USED_UP: Codes = { realtime: 4004, callback: 10005, flash: 4004, named: "FailedOperation.UserHasNoAmount" };
const TOO_MANY: Codes = { realtime: 4006, callback: 10005, flash: 4006, named: "RequestLimitExceeded" };
const BUSY: Codes = { realtime: 5000, callback: 10001, flash: 5001, named: "InternalError" };

const REFUSED: Codes = { realtime: 4001, callback: 10005, flash: 4001, named: "InvalidParameterValue" };

const BY_CODE: Partial<Record<ErrorCode, Codes>> = {
  CONFIG_INVALID: REFUSED,
  WORKFLOW_INVALID: REFUSED,
  LANGUAGE_UNSUPPORTED: REFUSED,
  AUDIO_NOT_RECOGNISED: UNREADABLE,
  AUDIO_TRUNCATED: { ...UNREADABLE, callback: 10004 },
  AUDIO_EMPTY: { ...UNREADABLE, callback: 10004, flash: 4012 },
  CODEC_UNSUPPORTED: UNREADABLE,
  AUDIO_FORMAT_UNSUPPORTED: { ...UNREADABLE, callback: 10006 },
  AUDIO_TOO_LONG: TOO_LONG,
  UPLOAD_TOO_LARGE: TOO_LONG,
  QUOTA_EXCEEDED: USED_UP,
  VENDOR_QUOTA_EXHAUSTED: USED_UP,
  VENDOR_RATE_LIMITED: TOO_MANY,
  SERVER_BUSY: BUSY,
  SERVER_DRAINING: BUSY,
};

/** What a failure is to the vendor's clients. */
export function codesOf(error: unknown): Codes {
  const { code } = asEngineError(error, "INTERNAL", "gateway");
  return BY_CODE[code] ?? { realtime: 5001, callback: 10001, flash: 5002, named: "InternalError" };
}
