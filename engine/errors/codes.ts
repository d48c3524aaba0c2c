/** What the rest of the system may conclude from a code, whoever raised it. */
export interface ErrorTraits {
  /** The status of an HTTP answer that carries the code. */
  readonly httpStatus: number;
  /** The same call may succeed later. */
  readonly retryable: boolean;
  /** False: the node or connection that raised it can never work again, so a retry in place is pointless. */
  readonly usable: boolean;
}

const caller = { httpStatus: 422, retryable: false, usable: true } as const;
const ours = { httpStatus: 500, retryable: false, usable: false } as const;
const absent = { httpStatus: 404, retryable: false, usable: true } as const;
const forbidden = { httpStatus: 403, retryable: false, usable: true } as const;
const conflict = { httpStatus: 409, retryable: false, usable: true } as const;
const vendor = { httpStatus: 502, retryable: true, usable: true } as const;

/** The one table of codes. Codes are stable and public; messages may improve. */
export const ERROR_TRAITS = {
  // the caller's words
  USAGE: { httpStatus: 400, retryable: false, usable: true },
  CONFIG_INVALID: caller,
  FILE_NOT_FOUND: { httpStatus: 404, retryable: false, usable: true },
  FILE_UNREADABLE: caller,
  FILE_UNWRITABLE: { httpStatus: 507, retryable: true, usable: true },
  FILE_FORBIDDEN: { httpStatus: 403, retryable: false, usable: true },
  INPUT_UNBOUND: caller,
  INPUT_UNREACHABLE: { httpStatus: 422, retryable: true, usable: true },
  INPUT_UNKNOWN: caller,
  OUTPUT_UNKNOWN: caller,
  SECRET_MISSING: caller,

  // audio
  AUDIO_FORMAT_UNSUPPORTED: caller,
  AUDIO_EMPTY: caller,
  AUDIO_TRUNCATED: caller,
  AUDIO_NOT_RECOGNISED: caller,
  AUDIO_TOO_LONG: caller,
  AUDIO_DAMAGED: caller,

  // workflow
  WORKFLOW_INVALID: caller,

  // a run
  RUN_CANCELLED: { httpStatus: 409, retryable: false, usable: false },
  RUN_DEADLINE: { httpStatus: 504, retryable: true, usable: false },
  RUN_STALLED: { httpStatus: 504, retryable: true, usable: false },
  NODE_FAILED: ours,
  NODE_HUNG: { httpStatus: 504, retryable: true, usable: false },
  NODE_EMITTED_AFTER_END: ours,
  NODE_PROTOCOL: ours,
  NODE_FLOODED: ours,
  OUTSIDE_UNANSWERED: { httpStatus: 504, retryable: true, usable: true },
  CLOCK_REFUSES: caller,
  RESULT_LATE: { httpStatus: 504, retryable: true, usable: true },

  // engines of the machine itself
  ENGINE_MISSING: { httpStatus: 503, retryable: false, usable: false },
  ENGINE_FAILED: vendor,
  ENGINE_TAKEN: { httpStatus: 503, retryable: true, usable: false },
  LANGUAGE_UNSUPPORTED: caller,
  MODEL_UNFIT: caller,
  DEVICE_UNAVAILABLE: { httpStatus: 503, retryable: true, usable: true },
  DEVICE_LOST: { httpStatus: 503, retryable: true, usable: true },
  VOICE_UNKNOWN: caller,
  SCRIPT_INVALID: caller,

  // who asks, and what for
  KEY_REFUSED: { httpStatus: 401, retryable: false, usable: true },
  SCOPE_MISSING: forbidden,
  QUOTA_EXCEEDED: { httpStatus: 429, retryable: true, usable: true },
  RUN_NOT_FOUND: absent,
  WORKFLOW_NOT_FOUND: absent,
  NODE_NOT_FOUND: absent,
  ARTIFACT_NOT_FOUND: absent,
  UPLOAD_NOT_FOUND: absent,
  JOB_NOT_FOUND: absent,
  WEBHOOK_NOT_FOUND: absent,
  DELIVERY_NOT_FOUND: absent,
  CALLBACK_NOT_FOUND: absent,
  KEY_NOT_FOUND: absent,
  RUN_ENDED: conflict,
  IDEMPOTENCY_CONFLICT: conflict,
  FIELD_NOT_LIVE: caller,
  UPLOAD_TOO_LARGE: { httpStatus: 413, retryable: false, usable: true },
  URL_FORBIDDEN: forbidden,
  HOST_FORBIDDEN: forbidden,
  EFFECT_FORBIDDEN: forbidden,

  // how it was asked, over HTTP or a socket
  REQUEST_INVALID: { httpStatus: 400, retryable: false, usable: true },
  REQUEST_TOO_LARGE: { httpStatus: 413, retryable: false, usable: true },
  ROUTE_NOT_FOUND: absent,
  METHOD_NOT_ALLOWED: { httpStatus: 405, retryable: false, usable: true },
  UPGRADE_REQUIRED: { httpStatus: 426, retryable: false, usable: true },
  MESSAGE_INVALID: { httpStatus: 400, retryable: false, usable: true },

  // live tracks
  TRACK_UNKNOWN: caller,
  TRACK_TAKEN: conflict,
  TRACK_ENDED: conflict,
  CHUNK_INVALID: caller,
  FLOW_EXCEEDED: { httpStatus: 429, retryable: true, usable: true },
  READER_TOO_SLOW: { httpStatus: 429, retryable: true, usable: true },
  CODEC_UNSUPPORTED: caller,

  // plugins
  PLUGIN_INVALID: { httpStatus: 422, retryable: false, usable: false },
  PLUGIN_VERSION: { httpStatus: 422, retryable: false, usable: false },
  /** Its Worker or process is no more; the next node begins another. */
  PLUGIN_LOST: { httpStatus: 502, retryable: true, usable: true },
  PLUGIN_ISOLATED: { httpStatus: 422, retryable: false, usable: false },

  // the process and its store
  SERVER_BUSY: { httpStatus: 503, retryable: true, usable: true },
  SERVER_DRAINING: { httpStatus: 503, retryable: true, usable: true },
  STORE_FAILED: { httpStatus: 503, retryable: true, usable: true },
  STORE_TAKEN: { httpStatus: 503, retryable: true, usable: false },
  STORE_FULL: { httpStatus: 507, retryable: true, usable: true },

  // vendors
  VENDOR_RATE_LIMITED: { httpStatus: 503, retryable: true, usable: true },
  VENDOR_KEY_REFUSED: { httpStatus: 502, retryable: false, usable: false },
  VENDOR_FAILED: vendor,
  VENDOR_UNREACHABLE: vendor,
  VENDOR_LOST: vendor,
  VENDOR_TOKEN_EXPIRED: vendor,
  VENDOR_PROTOCOL: vendor,
  /** It understood, and will not: trying the same again is pointless. */
  VENDOR_REFUSED: { httpStatus: 502, retryable: false, usable: true },
  VENDOR_QUOTA_EXHAUSTED: { httpStatus: 503, retryable: false, usable: false },

  INTERNAL: ours,
} as const satisfies Record<string, ErrorTraits>;

export type ErrorCode = keyof typeof ERROR_TRAITS;
