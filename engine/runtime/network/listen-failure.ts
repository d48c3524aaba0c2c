import { EngineError } from "#engine/errors";

const REASONS: Readonly<Record<string, string>> = {
  EADDRNOTAVAIL: "this machine has no such address",
  EACCES: "this user may not; ports below 1024 are the system's",
};

/**
 * The error for an address that cannot be listened on, with what stands in the way where the machine says it.
 * @param where for the message, such as `listen: 127.0.0.1:7700`; it ends with the port.
 */
export function listenFailure(where: string, error: unknown): EngineError {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  const reason = REASONS[code] ?? (code === "EADDRINUSE" ? inUse(where) : code);
  return new EngineError("CONFIG_INVALID", `${where} cannot be listened on${reason && `: ${reason}`}`, {
    cause: error,
  });
}

/** Bun says "in use" of a name that it cannot look up, too; any free port is never in use. */
const inUse = (where: string): string =>
  where.endsWith(":0")
    ? "this machine has no such address"
    : "another program listens on this port, or this machine has no such address";
