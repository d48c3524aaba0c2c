import { EngineError, type ErrorCode } from "#engine/plugin";

/** What one of the vendor's codes says, and which of ours it is. */
export interface Meaning {
  readonly name: string;
  readonly code: ErrorCode;
  /** What the workflow's writer can do about it. */
  readonly mend?: string;
}

const CREDENTIALS = "look at appId, secretId and secretKey";
const SIGNATURE = `${CREDENTIALS}, and at the clock of this machine`;
const PARAMETERS = "look at the node's settings, extra among them";
const CLOCK = "look at the clock of this machine";
const ACCOUNT = "look at the account in the vendor's console";
const CONCURRENCY = "set concurrency to what the account may have at once";
const LENGTH = "cut the recording";
const CONTENT = "it has to be a recording of a kind that the service reads";

type Table = Readonly<Record<number, Meaning>>;

const refused = (name: string, mend = PARAMETERS): Meaning => ({ name, code: "VENDOR_REFUSED", mend });
const keyRefused = (name: string, mend = CREDENTIALS): Meaning => ({ name, code: "VENDOR_KEY_REFUSED", mend });
const failed = (name: string): Meaning => ({ name, code: "VENDOR_FAILED" });
/** A new signature helps. */
const signAnew = (name: string): Meaning => ({ name, code: "VENDOR_TOKEN_EXPIRED", mend: CLOCK });
const usedUp = (name: string): Meaning => ({ name, code: "VENDOR_QUOTA_EXHAUSTED", mend: ACCOUNT });
const tooMany = (name: string, mend = CONCURRENCY): Meaning => ({ name, code: "VENDOR_RATE_LIMITED", mend });
const unreadable = (name: string): Meaning => ({ name, code: "AUDIO_NOT_RECOGNISED", mend: CONTENT });
const tooLong = (name: string): Meaning => ({ name, code: "AUDIO_TOO_LONG", mend: LENGTH });
const tooLarge: Meaning = {
  name: "AUDIO_TOO_LARGE",
  code: "UPLOAD_TOO_LARGE",
  mend: "give the recording's address with api: current, or cut it",
};

/** Answers to a request of the older recording interface. Some older revisions of the vendor's page number several of them one lower. */
export const REQUEST_CODES: Table = {
  1000: refused("BAD_REQ"),
  1001: refused("PARSE_DATA_FAILED"),
  1002: refused("NO_VALID_PROJECTID"),
  1003: refused("NO_VALID_RES_TEXT_FORMAT"),
  1004: refused("NO_VALID_SUB_SERVICE_TYPE"),
  1005: refused("NO_VALID_ENGINE_MODEL_TYPE"),
  1006: refused("NO_VALID_CALLBACK_URL"),
  1007: refused("NO_VALID_RES_TYPE"),
  1008: refused("NO_VALID_SOURCE_TYPE"),
  1009: refused("NO_VALID_URL"),
  1010: keyRefused("NO_VALID_SECRET_ID"),
  1011: refused("NO_VALID_TIMESTAMP"),
  1012: refused("NO_VALID_EXPIRED"),
  1013: refused("NO_VALID_NONCE"),
  1014: refused("NO_VALID_TEMPLATENAME"),
  1015: refused("NO_BUCKET"),
  1016: usedUp("NO_AMOUNT"),
  1017: refused("URL_TOO_LONG", "give a shorter address"),
  1018: refused("FILEID_TOO_LONG"),
  1019: keyRefused("APPID_NOT_REGISTER"),
  1020: keyRefused("APPID_PROJECTID_TEMPLATENAME_MISMATCH"),
  1021: failed("PROCESS_FAILED"),
  1022: keyRefused("PROXY_BAD_AUTH"),
  1024: refused("PROXY_AUTH_TOO_LONG_EXPIRED"),
  1025: signAnew("PROXY_AUTH_EXPIRED"),
  1026: keyRefused("PROXY_AUTH_PROJECTID_NOEXIST"),
  1027: keyRefused("PROXY_AUTH_SECRETID_NOEXIST"),
  1028: keyRefused("PROXY_AUTH_PROJECTID_MISMATCH"),
  1029: signAnew("PROXY_AUTH_REPLAY_ATTACK"),
  1030: keyRefused("PROXY_AUTH_FAILED"),
  1032: tooLarge,
  1034: failed("UNKNOWN"),
};

/** What a callback of either recording interface reports. */
export const CALLBACK_CODES: Table = {
  10000: unreadable("TRANSCODING_FAILED"),
  10001: failed("RECOGNITION_FAILED"),
  10002: tooLong("AUDIO_TOO_LONG"),
  10003: tooLong("AUDIO_TOO_LONG"),
  10004: unreadable("INVALID_AUDIO"),
  10005: failed("OTHER"),
  10006: {
    name: "CHANNELS_MISMATCH",
    code: "AUDIO_FORMAT_UNSUPPORTED",
    mend: "set channels to those of the recording",
  },
};

/** Messages of real-time recognition. */
export const REALTIME_CODES: Table = {
  4000: tooMany("AUDIO_TOO_FAST", "link.pace has to be 3 at most, with link.aheadMs"),
  4001: refused("INVALID_PARAMETER"),
  4002: keyRefused("AUTHENTICATION_FAILED", SIGNATURE),
  4003: keyRefused("SERVICE_NOT_ENABLED", ACCOUNT),
  4004: usedUp("RESOURCE_PACKAGE_USED_UP"),
  4005: usedUp("IN_ARREARS"),
  4006: tooMany("CONCURRENCY_LIMIT"),
  4007: unreadable("DECODING_FAILED"),
  4008: { name: "NO_AUDIO", code: "VENDOR_LOST" },
  4009: { name: "CONNECTION_LOST", code: "VENDOR_LOST" },
  4010: refused("UNKNOWN_TEXT_MESSAGE"),
  5000: failed("SERVER_BUSY"),
  5001: failed("SERVER_FAILED"),
  5002: failed("SERVER_FAILED"),
  6001: refused("OUTSIDE_MAINLAND_CHINA", "the service is not offered where this machine is"),
};

/** Answers of flash recognition, as a third party transcribed them. */
export const FLASH_CODES: Table = {
  ...Object.fromEntries([4001, 4002, 4003, 4004, 4005, 4006].map((code) => [code, REALTIME_CODES[code] ?? failed("")])),
  4007: unreadable("DECODING_FAILED"),
  4008: { name: "UPLOAD_TIMEOUT", code: "VENDOR_LOST" },
  4009: { name: "CONNECTION_LOST", code: "VENDOR_LOST" },
  4010: refused("UNKNOWN_TEXT_MESSAGE"),
  4011: tooLarge,
  4012: { name: "AUDIO_EMPTY", code: "AUDIO_EMPTY" },
  5001: failed("SERVER_BUSY"),
  5002: failed("RECOGNITION_FAILED"),
  5003: failed("RECOGNITION_TIMEOUT"),
};

/** Messages of synthesis over sockets. 10001, 10003 and the notice are known; the others are this project's own, which its gateway sends. */
export const SPEECH_CODES: Table = {
  10000: failed("SERVER_FAILED"),
  10001: refused("INVALID_PARAMETER"),
  10002: refused("TEXT_TOO_LONG", "cut the text"),
  10003: keyRefused("AUTHENTICATION_FAILED", SIGNATURE),
  10005: tooMany("CONCURRENCY_LIMIT"),
  10008: { name: "NO_TEXT", code: "VENDOR_LOST" },
};
/** A message of synthesis that may be passed over. */
export const SPEECH_NOTICE = 10_009;

/** Errors of the interfaces with JSON, by the vendor's names; of a name that is in no list, what stands before the dot tells. */
export const NAMED_CODES: Readonly<Record<string, ErrorCode>> = {
  AuthFailure: "VENDOR_KEY_REFUSED",
  "AuthFailure.SignatureExpire": "VENDOR_TOKEN_EXPIRED",
  InvalidAction: "VENDOR_REFUSED",
  MissingParameter: "VENDOR_REFUSED",
  InvalidParameter: "VENDOR_REFUSED",
  InvalidParameterValue: "VENDOR_REFUSED",
  UnsupportedOperation: "VENDOR_REFUSED",
  RequestLimitExceeded: "VENDOR_RATE_LIMITED",
  InternalError: "VENDOR_FAILED",
  FailedOperation: "VENDOR_FAILED",
  "FailedOperation.ErrorDownFile": "VENDOR_FAILED",
  "FailedOperation.ErrorRecognize": "VENDOR_FAILED",
  "FailedOperation.NoSuchTask": "VENDOR_REFUSED",
  "FailedOperation.ServiceIsolate": "VENDOR_QUOTA_EXHAUSTED",
  "FailedOperation.UserHasNoAmount": "VENDOR_QUOTA_EXHAUSTED",
  "FailedOperation.UserHasNoFreeAmount": "VENDOR_QUOTA_EXHAUSTED",
  "FailedOperation.UserNotRegistered": "VENDOR_KEY_REFUSED",
};

/** Of a code that is in no list, its first digit tells whose fault it was where codes are of four digits. */
export const meaningOf = (table: Table, code: number): Meaning =>
  table[code] ?? (code >= 4000 && code < 5000 ? refused("UNKNOWN") : failed("UNKNOWN"));

/**
 * The error that a code of the vendor's stands for. Its own words stay out: they may repeat what was sent.
 * @param what was asked for, such as `a recording`.
 */
export function vendorError(table: Table, code: number, what: string): EngineError {
  const { name, code: ours, mend } = meaningOf(table, code);
  return new EngineError(ours, `Tencent refused ${what}: ${code} ${name}${advice(mend)}`, {
    details: { vendorCode: code, vendorName: name },
  });
}

/** The same for an error that has a name. */
export function namedError(name: string, what: string): EngineError {
  const code = NAMED_CODES[name] ?? NAMED_CODES[name.split(".")[0] ?? ""] ?? "VENDOR_FAILED";
  const shown = /^[A-Za-z.]{1,80}$/.test(name) ? name : "an error without a proper name";
  const mend = MENDS[code];
  return new EngineError(code, `Tencent refused ${what}: ${shown}${advice(mend)}`, { details: { vendorCode: shown } });
}

const advice = (mend: string | undefined): string => (mend === undefined ? "" : `; ${mend}`);

/** By our own codes, where a name tells no more. */
const MENDS: Partial<Record<ErrorCode, string>> = {
  VENDOR_KEY_REFUSED: CREDENTIALS,
  VENDOR_TOKEN_EXPIRED: CLOCK,
  VENDOR_REFUSED: PARAMETERS,
  VENDOR_RATE_LIMITED: CONCURRENCY,
  VENDOR_QUOTA_EXHAUSTED: ACCOUNT,
};
