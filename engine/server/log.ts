import pino from "pino";
import type { Logger } from "#engine/plugin";

export const LOG_LEVELS = ["debug", "info", "warn", "silent"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Where lines go: standard error where nothing else is said, so that standard output stays for results. */
export interface LogTarget {
  write(line: string): void;
}

/** Structured lines with ids and counts. */
export function createLog(level: LogLevel, target: LogTarget): Logger {
  const log = pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, target);
  return {
    debug: (message, facts) => log.debug(facts ?? {}, message),
    info: (message, facts) => log.info(facts ?? {}, message),
    warn: (message, facts) => log.warn(facts ?? {}, message),
  };
}

/**
 * Tells of an error that is a fault of ours: its kind and where it came from. Its message may quote what somebody said, so it stays out.
 */
export function logFailure(log: Logger, error: unknown, facts: Readonly<Record<string, unknown>> = {}): void {
  const frames = error instanceof Error ? (error.stack ?? "").split("\n").filter((line) => /^\s+at /.test(line)) : [];
  log.warn("a fault of this server", {
    ...facts,
    error: error instanceof Error ? error.constructor.name : typeof error,
    at: frames.slice(0, 8).map((line) => line.trim()),
    ...(error instanceof Error && error.cause !== undefined && { cause: causeName(error.cause) }),
  });
}

const causeName = (cause: unknown): string => (cause instanceof Error ? cause.constructor.name : typeof cause);
