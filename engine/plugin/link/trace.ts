import type { Message } from "./network.ts";

/** Longer lines are cut: a trace is for reading. */
const MOST_CHARACTERS = 2000;
/** Fields whose values are secrets wherever they stand. */
const SECRET_FIELD =
  /("(?:[^"]*(?:token|secret|signature|password|authorization|access_?key|api_?key)[^"]*)"\s*:\s*)"(?:[^"\\]|\\.)*"/giu;

/**
 * One message as a trace shows it: bytes as their length, text without secrets.
 * @param secrets values that are blotted out wherever they stand.
 * @param most characters of a line; what is longer is cut.
 */
export function traceLine(message: Message, secrets: readonly string[], most = MOST_CHARACTERS): string {
  if (typeof message !== "string") return `${message.length} bytes`;
  let line = message.replace(SECRET_FIELD, '$1"…"');
  for (const secret of secrets) if (secret !== "") line = line.replaceAll(secret, "…");
  return line.length > most ? `${line.slice(0, most)}… (${message.length} characters)` : line;
}
