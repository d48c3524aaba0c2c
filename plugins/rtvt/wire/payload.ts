import { decode, encode } from "@msgpack/msgpack";
import { EngineError } from "#engine/plugin";
import { JSON_TEXT, MSGPACK } from "./fpnn.ts";

/** A payload as values: integers beyond 2^53 are bigint, all others numbers. */
export type Values = Readonly<Record<string, unknown>>;

/** The bytes of a map. Integers may be numbers or bigints of any size up to 64 bits, and are written exactly and as short as can be. */
export const encodeValues = (values: Values, flag: number = MSGPACK): Uint8Array =>
  flag === JSON_TEXT
    ? new TextEncoder().encode(
        JSON.stringify(values, (_, value) => (typeof value === "bigint" ? rawJson(value) : value)),
      )
    : encode(mapped(values, forEncoder), { useBigInt64: true });

/**
 * The map in a payload.
 * @throws EngineError VENDOR_PROTOCOL when there is none.
 */
export function decodeValues(payload: Uint8Array, flag: number = MSGPACK): Values {
  const value = flag === JSON_TEXT ? readJson(payload) : readMsgpack(payload, false);
  return asMap(value);
}

/**
 * The same with every text as its bytes. Encoders that know no bytes write audio as text, which is not UTF-8 and does not survive as a
 * string.
 */
export const decodeRawValues = (payload: Uint8Array): Values => asMap(readMsgpack(payload, true));

/** Beyond it the encoder writes a number as a float, unless it is a bigint. */
const UINT32 = 2 ** 32;

function forEncoder(value: unknown): unknown {
  if (typeof value === "number" && Number.isSafeInteger(value) && (value >= UINT32 || value < -UINT32 / 2))
    return BigInt(value);
  if (typeof value === "bigint" && value >= -(2n ** 31n) && value < 2n ** 32n) return Number(value);
  return value;
}

const fromDecoder = (value: unknown): unknown =>
  typeof value === "bigint" && value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER
    ? Number(value)
    : value;

function mapped(value: unknown, one: (value: unknown) => unknown): unknown {
  if (Array.isArray(value)) return value.map((item) => mapped(item, one));
  if (typeof value !== "object" || value === null || value instanceof Uint8Array) return one(value);
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, mapped(inner, one)]));
}

function readMsgpack(payload: Uint8Array, rawStrings: boolean): unknown {
  try {
    return mapped(decode(payload, { useBigInt64: true, rawStrings }), fromDecoder);
  } catch (cause) {
    throw new EngineError("VENDOR_PROTOCOL", `RTVT: a payload of ${payload.length} bytes is no MessagePack`, { cause });
  }
}

type Revive = (key: string, value: unknown) => unknown;

function readJson(payload: Uint8Array): unknown {
  // the third argument holds a number's digits as they were written
  const exact = (_: string, value: unknown, written?: { readonly source?: string }) =>
    typeof value === "number" && Number.isInteger(value) && !Number.isSafeInteger(value) && written?.source
      ? BigInt(written.source)
      : value;
  try {
    return JSON.parse(new TextDecoder().decode(payload), exact as Revive);
  } catch (cause) {
    throw new EngineError("VENDOR_PROTOCOL", `RTVT: a payload of ${payload.length} bytes is no JSON`, { cause });
  }
}

/** Digits that stand in JSON as they are. */
const rawJson = (value: bigint): unknown =>
  (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON(value.toString());

function asMap(value: unknown): Values {
  if (typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array))
    return value as Values;
  throw new EngineError("VENDOR_PROTOCOL", "RTVT: a payload is no map");
}
