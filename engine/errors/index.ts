export { ERROR_TRAITS, type ErrorCode, type ErrorTraits } from "./codes.ts";
export { asEngineError, EngineError, type EngineErrorOptions } from "./engine-error.ts";
export { ERROR_MEANINGS, type ErrorMeaning } from "./meanings.ts";
