import { ERROR_TRAITS, type ErrorCode, type ErrorTraits } from "./codes.ts";

export interface EngineErrorOptions {
  /** What was caught when this error was made. */
  cause?: unknown;
  /** Facts for programs: ids, counts, a vendor's own code. Never a key, a transcript or a vendor's payload. */
  details?: Readonly<Record<string, unknown>>;
}

/** The one error class of the engine and its plugins: a stable code, and a message that says what was found, wanted and where. */
export class EngineError extends Error {
  override readonly name = "EngineError";
  readonly details: Readonly<Record<string, unknown>>;

  constructor(
    readonly code: ErrorCode,
    message: string,
    options: EngineErrorOptions = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.details = options.details ?? {};
  }

  get traits(): ErrorTraits {
    return ERROR_TRAITS[this.code];
  }
}

/**
 * An error of any origin as an `EngineError`: one is returned as it is, anything else becomes the `cause` of a new one.
 * @param code for what was not one yet; `where` opens its message.
 */
export function asEngineError(error: unknown, code: ErrorCode, where: string): EngineError {
  if (error instanceof EngineError) return error;
  const text = error instanceof Error ? error.message : String(error);
  return new EngineError(code, `${where}: ${text}`, { cause: error });
}
