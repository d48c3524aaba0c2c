import { decode, encode } from "@msgpack/msgpack";
import type { RunMessage } from "#engine/control";
import { EngineError } from "#engine/errors";
import { jsonDepth } from "../http/limits.ts";
import { describeIssues } from "../http/routes.ts";
import { type ClientMessage, clientMessageSchema } from "./messages.ts";

/** How messages that are no audio lie in a socket, by its subprotocol. */
export interface WireFormat {
  readonly protocol: string;
  /** Audio goes out as a map like every other message; otherwise it has a header of its own. */
  readonly audioInMaps: boolean;
  /** @throws EngineError MESSAGE_INVALID. */
  read(data: string | Uint8Array, limits: ReadLimits): ClientMessage;
  write(message: object): string | Uint8Array;
  /** An event; the same object is written once, however many read it. */
  writeEvent(event: RunMessage): string | Uint8Array;
}

export interface ReadLimits {
  readonly depth: number;
  readonly bytes: number;
}

const asJson = (message: object): string => JSON.stringify(message);
const jsonEvents = new WeakMap<RunMessage, string>();

const json: WireFormat = {
  protocol: "parlando.v1.json",
  audioInMaps: false,
  read(data, { depth }) {
    if (typeof data !== "string")
      throw new EngineError("MESSAGE_INVALID", "binary messages of this socket are audio, and their first byte is 1");
    if (jsonDepth(data) > depth) throw new EngineError("MESSAGE_INVALID", `JSON nested deeper than ${depth}`);
    return checked(parsed(() => JSON.parse(data), "JSON"));
  },
  write: asJson,
  writeEvent: (event) => once(jsonEvents, event, asJson),
};

const packedEvents = new WeakMap<RunMessage, Uint8Array>();
const pack = (message: object): Uint8Array => encode(message, { ignoreUndefined: true });

const msgpack: WireFormat = {
  protocol: "parlando.v1.msgpack",
  audioInMaps: true,
  read(data, { depth, bytes }) {
    if (typeof data === "string") throw new EngineError("MESSAGE_INVALID", "messages of this socket are binary");
    const most = {
      maxStrLength: bytes,
      maxBinLength: bytes,
      maxArrayLength: 10_000,
      maxMapLength: 10_000,
      maxExtLength: 0,
    };
    const value = parsed(() => decode(data, most), "MessagePack");
    if (isDeeper(value, depth)) throw new EngineError("MESSAGE_INVALID", `maps nested deeper than ${depth}`);
    const message = checked(value);
    // beyond this point only what JSON can say exists
    return message.type === "audio" ? message : checked(JSON.parse(JSON.stringify(value)));
  },
  write: pack,
  writeEvent: (event) => once(packedEvents, event, pack),
};

/** In order of preference where a client leaves the choice. */
export const WIRE_FORMATS: readonly WireFormat[] = [json, msgpack];

function once<T>(known: WeakMap<RunMessage, T>, event: RunMessage, write: (message: object) => T): T {
  let written = known.get(event);
  if (written === undefined) {
    written = write({ type: "event", event });
    known.set(event, written);
  }
  return written;
}

function parsed(read: () => unknown, what: string): unknown {
  try {
    return read();
  } catch {
    throw new EngineError("MESSAGE_INVALID", `the message is no ${what}`);
  }
}

function checked(value: unknown): ClientMessage {
  const result = clientMessageSchema.safeParse(value);
  if (!result.success) throw new EngineError("MESSAGE_INVALID", describeIssues(result.error));
  return result.data;
}

/** Without recursion: what is looked at may be nested deeper than a stack holds. */
function isDeeper(value: unknown, most: number): boolean {
  let level: unknown[] = [value];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > most) return true;
    level = level.flatMap((item) =>
      typeof item === "object" && item !== null && !ArrayBuffer.isView(item) ? Object.values(item) : [],
    );
  }
  return false;
}
