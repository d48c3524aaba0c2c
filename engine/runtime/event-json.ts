import { EngineError } from "#engine/errors";
import type { RunEvent } from "./events.ts";

/**
 * An event as JSON: errors as code, message and details; audio and bytes as their lengths; big integers as strings. Without line breaks, so
 * that one line holds one event.
 */
export const eventToJson = (event: RunEvent): string => JSON.stringify(event, replacer);

function replacer(_key: string, value: unknown): unknown {
  if (value instanceof EngineError) return { code: value.code, message: value.message, details: value.details };
  if (value instanceof Int16Array) return { samples: value.length };
  if (value instanceof Uint8Array) return { bytes: value.length };
  return typeof value === "bigint" ? value.toString() : value;
}
