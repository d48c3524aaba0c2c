import { z } from "zod";
import { EngineError } from "#engine/plugin";
import { withLongIds } from "../wire.ts";
import { decodeText, encodeText, type TextEncoding } from "./encodings.ts";

/** What a receiver has to answer, or the call comes again. */
export const ACKNOWLEDGED = JSON.stringify({ code: 0, message: "success" });
export const ACKNOWLEDGEMENT = { mediaType: "application/json", body: ACKNOWLEDGED } as const;

const acknowledgement = z.looseObject({ code: z.number() });

/** Whether an answer to a callback takes it. */
export function isAcknowledged(body: string): boolean {
  try {
    return acknowledgement.parse(JSON.parse(body)).code === 0;
  } catch {
    return false;
  }
}

/** Of a form every value is a string. */
const integer = z.union([z.number().int(), z.string().regex(/^-?\d{1,20}$/)]);
const decimal = z.union([z.number(), z.string().regex(/^\d*(?:\.\d+)?$/)]);

const callbackFields = z.looseObject({
  code: integer.transform(Number),
  message: z.string().default(""),
  /** A task's number may be beyond what a float holds exactly, so it stays text. */
  requestId: integer.transform(String),
  audioUrl: z.string().optional(),
  text: z.string().default(""),
  resultDetail: z.string().nullish(),
  audioTime: decimal.default(0).transform(Number),
});

/** A result that came by callback. */
export interface TaskReport {
  readonly code: number;
  readonly taskId: string;
  readonly text: string;
  /** JSON of the sentences, where the interface gives it. */
  readonly detail?: string;
  readonly durationMs: number;
}

export interface CallbackOptions {
  readonly encoding: TextEncoding;
  /** String values of a JSON body are percent-encoded once more. */
  readonly escapedJson?: boolean;
}

/**
 * Reads the body of a callback of either recording interface: a form, or JSON, told apart by the content type, else by the first byte.
 * @throws EngineError VENDOR_PROTOCOL when it is neither, or lacks what tells whose result it is.
 */
export function readCallback(body: Uint8Array, mediaType: string, options: CallbackOptions): TaskReport {
  const head = body.findIndex((byte) => byte > 0x20);
  const json = mediaType.includes("json") || (!mediaType.includes("form") && body[head] === 0x7b);
  const fields = json ? jsonFields(body, options) : formFields(body, options.encoding);
  const parsed = callbackFields.safeParse(fields);
  if (!parsed.success)
    throw new EngineError(
      "VENDOR_PROTOCOL",
      `Tencent: a callback of ${body.length} bytes is not understood, at ${parsed.error.issues[0]?.path.join(".") || "its beginning"}`,
    );
  const { code, requestId, text, resultDetail, audioTime } = parsed.data;
  return {
    code,
    taskId: requestId,
    text,
    ...(resultDetail && { detail: resultDetail }),
    durationMs: audioTime * 1000,
  };
}

function jsonFields(body: Uint8Array, { encoding, escapedJson = false }: CallbackOptions): unknown {
  try {
    const value: unknown = JSON.parse(withLongIds(decodeText(body, encoding)));
    if (!escapedJson || typeof value !== "object" || value === null) return value;
    return Object.fromEntries(
      Object.entries(value).map(([name, one]) => [
        name,
        typeof one === "string" ? decodeText(unescaped(one), encoding) : one,
      ]),
    );
  } catch {
    return undefined;
  }
}

function formFields(body: Uint8Array, encoding: TextEncoding): Record<string, string> {
  const fields = new Map<string, string>();
  for (const part of Buffer.from(body).toString("latin1").split("&")) {
    const equals = part.indexOf("=");
    if (equals > 0) fields.set(part.slice(0, equals), decodeText(unescaped(part.slice(equals + 1), true), encoding));
  }
  return Object.fromEntries(fields);
}

/** The bytes that a percent-encoded text stands for. */
function unescaped(text: string, form = false): Uint8Array {
  const source = Buffer.from(form ? text.replaceAll("+", " ") : text, form ? "latin1" : "utf-8");
  const bytes: number[] = [];
  for (let i = 0; i < source.length; i++) {
    const digits = source[i] === 0x25 ? source.toString("latin1", i + 1, i + 3) : "";
    if (/^[0-9a-f]{2}$/i.test(digits)) {
      bytes.push(Number.parseInt(digits, 16));
      i += 2;
    } else bytes.push(source[i] ?? 0);
  }
  return Uint8Array.from(bytes);
}

/** The body of a callback as the service sends it. */
export interface CallbackBody {
  readonly mediaType: string;
  readonly body: Uint8Array;
}

type Fields = Readonly<Record<string, string | number>>;

/** As a form: text in its encoding, then percent-encoded, blanks as plus. */
export const formCallback = (fields: Fields, encoding: TextEncoding): CallbackBody => ({
  mediaType: "application/x-www-form-urlencoded",
  body: new TextEncoder().encode(
    Object.entries(fields)
      .map(([name, value]) => `${name}=${escaped(encodeText(String(value), encoding))}`)
      .join("&"),
  ),
});

/** As JSON, in the encoding of its text. */
export const jsonCallback = (fields: Fields, encoding: TextEncoding): CallbackBody => ({
  mediaType: "application/json",
  body: encodeText(JSON.stringify(fields), encoding),
});

function escaped(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) {
    const character = String.fromCharCode(byte);
    if (/[A-Za-z0-9\-_.*]/.test(character)) text += character;
    else text += byte === 0x20 ? "+" : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
  }
  return text;
}
