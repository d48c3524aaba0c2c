export { ERROR_TRAITS, type ErrorCode, type ErrorTraits } from "./codes.ts";
export { asEngineError, EngineError, type EngineErrorOptions } from "./engine-error.ts";
