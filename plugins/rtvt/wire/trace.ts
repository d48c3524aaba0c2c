import type { Packet } from "./fpnn.ts";
import { decodeValues, type Values } from "./payload.ts";

/** Longer texts are told by their length: they may be audio of services that know no bytes. */
const MOST_CHARACTERS = 200;

/**
 * A packet as a trace shows it, such as `quest 3 login {"pid":1,…}` or `answer 3 ok {}`.
 * @param values of its payload, where they are at hand.
 */
export function packetLine(packet: Packet, values?: Values): string {
  const payload = values ?? payloadOf(packet);
  const text = payload ? JSON.stringify(readable(payload)) : `${packet.payload.length} bytes that cannot be read`;
  if (packet.kind === "answer") return `answer ${packet.seq} ${packet.ok ? "ok" : "error"} ${text}`;
  return `quest ${packet.seq ?? "one-way"} ${packet.method} ${text}`;
}

function payloadOf({ payload, flag }: Packet): Values | undefined {
  try {
    return decodeValues(payload, flag);
  } catch {
    return undefined; // whoever reads the packet says so
  }
}

function readable(value: unknown): unknown {
  if (value instanceof Uint8Array) return `${value.length} bytes`;
  if (typeof value === "bigint") return `${value}`;
  if (typeof value === "string") return value.length > MOST_CHARACTERS ? `${value.length} characters` : value;
  if (Array.isArray(value)) return value.map(readable);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, readable(inner)]));
}
