import { createHash } from "node:crypto";

/** A name for a credential that gives nothing of it away: a hash of all its parts. */
export const credentialKey = (parts: readonly string[]): string =>
  createHash("sha256").update(JSON.stringify(parts)).digest("hex").slice(0, 32);
