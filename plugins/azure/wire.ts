import { EngineError, type Message, s16leBytes } from "#engine/plugin";

/**
 * Messages of the Speech service inside a WebSocket: text or bytes with headers like HTTP's, of which `Path` says what it is and
 * `X-RequestId` which turn it belongs to.
 */
export interface SpeechMessage {
  readonly path: string;
  /** As it was sent: clients compare it with their own letter by letter. `hexId` makes it fit to be compared here. Empty in a message of the connection, which has none. */
  readonly requestId: string;
  readonly contentType?: string | undefined;
  readonly streamId?: string | undefined;
  /** Text of a text message, bytes of a binary one; may be empty. */
  readonly body: string | Uint8Array;
}

/** The most that the specification allows for the headers of a binary message. */
const MOST_HEADER_BYTES = 8192;

export interface Outgoing extends Omit<SpeechMessage, "requestId"> {
  readonly requestId: string;
  /** ISO 8601, UTC. */
  readonly timestamp: string;
}

/** @returns text for a text body, bytes for bytes. */
export function encodeMessage(message: Outgoing): Message {
  const head = headersOf(message);
  if (typeof message.body === "string") return `${head}\r\n${message.body}`;
  const { length } = head;
  const bytes = new Uint8Array(2 + length + message.body.length);
  new DataView(bytes.buffer).setUint16(0, length);
  for (let i = 0; i < length; i++) bytes[2 + i] = head.charCodeAt(i); // all ASCII
  bytes.set(message.body, 2 + length);
  return bytes;
}

const EXAMPLE_TIME = "2026-01-01T00:00:00.000Z";

/** The messages of audio of one turn, of which there are many: headers that are made once, and samples that are copied once. */
export class AudioMessages {
  /** The length of the headers and the headers, with any time. */
  readonly #head: Uint8Array;
  readonly #timeAt: number;

  constructor(requestId: string) {
    const head = headersOf({ path: "audio", requestId, timestamp: EXAMPLE_TIME, body: "" });
    this.#head = new Uint8Array(2 + head.length);
    new DataView(this.#head.buffer).setUint16(0, head.length);
    ascii.encodeInto(head, this.#head.subarray(2));
    this.#timeAt = 2 + head.indexOf(EXAMPLE_TIME);
  }

  /**
   * @param timestamp ISO 8601, UTC, with milliseconds.
   * @param pcm mono; written as signed 16-bit, little-endian.
   */
  message(timestamp: string, pcm: Int16Array): Uint8Array {
    const head = this.#head;
    const bytes = new Uint8Array(head.length + 2 * pcm.length);
    bytes.set(head);
    for (let i = 0; i < EXAMPLE_TIME.length; i++) bytes[this.#timeAt + i] = timestamp.charCodeAt(i);
    bytes.set(s16leBytes(pcm), head.length);
    return bytes;
  }
}

const ascii = new TextEncoder();

function headersOf({ path, requestId, timestamp, contentType, streamId }: Outgoing): string {
  const type = contentType === undefined ? "" : `Content-Type: ${contentType}\r\n`;
  const stream = streamId === undefined ? "" : `X-StreamId: ${streamId}\r\n`;
  return `Path: ${path}\r\nX-RequestId: ${requestId}\r\nX-Timestamp: ${timestamp}\r\n${type}${stream}`;
}

/** @throws EngineError VENDOR_PROTOCOL for what is no message of the service. */
export function decodeMessage(message: Message): SpeechMessage {
  const headers: Headers = { path: "", requestId: "", contentType: undefined, streamId: undefined };
  const body = typeof message === "string" ? textBody(message, headers) : binaryBody(message, headers);
  const { path, requestId, contentType, streamId } = headers;
  if (!path) throw malformed("has no Path");
  if (!requestId && path !== OF_CONNECTION) throw malformed("has no X-RequestId");
  return { path, requestId, contentType, streamId, body };
}

type Headers = { -readonly [Key in Exclude<keyof SpeechMessage, "body">]: SpeechMessage[Key] };

function textBody(message: string, headers: Headers): string {
  const bodyAt = readHeaders(message, headers);
  if (bodyAt < 0) throw malformed("has no empty line after its headers");
  return message.slice(bodyAt);
}

function binaryBody(message: Uint8Array, headers: Headers): Uint8Array {
  if (message.length < 2) throw malformed(`has ${message.length} bytes`);
  const length = new DataView(message.buffer, message.byteOffset).getUint16(0);
  if (length > MOST_HEADER_BYTES || length + 2 > message.length)
    throw malformed(`says ${length} bytes of headers and has ${message.length - 2} in all`);
  readHeaders(new TextDecoder().decode(message.subarray(2, 2 + length)), headers);
  return message.subarray(2 + length);
}

/**
 * Reads lines down to the first empty one. They end with a line feed, whether or not a carriage return stands before it.
 * @returns where the text after the empty line begins; -1: there is none.
 */
function readHeaders(text: string, headers: Headers): number {
  for (let at = 0; at < text.length; ) {
    const feed = text.indexOf("\n", at);
    const end = feed < 0 ? text.length : feed;
    if (feed === at || (feed === at + 1 && text[at] === "\r")) return end + 1;
    const colon = text.indexOf(":", at);
    if (colon > at && colon < end) readHeader(text.slice(at, colon), text.slice(colon + 1, end).trim(), headers);
    at = end + 1;
  }
  return -1;
}

function readHeader(name: string, value: string, headers: Headers): void {
  switch (WRITTEN.get(name) ?? name.trim().toLowerCase()) {
    case "path":
      headers.path = value.toLowerCase();
      break;
    case "x-requestid":
      headers.requestId = value;
      break;
    case "content-type":
      headers.contentType = value;
      break;
    case "x-streamid":
      headers.streamId = value;
  }
}

/** As the service and its clients write them, known at a glance; others are made alike first. */
const WRITTEN: ReadonlyMap<string, string> = new Map(
  ["Path", "X-RequestId", "X-Timestamp", "Content-Type", "X-StreamId"].map((name) => [name, name.toLowerCase()]),
);

/** The vendor's native clients send it without an id: it is of no turn. */
const OF_CONNECTION = "speech.config";

const malformed = (how: string): EngineError =>
  new EngineError("VENDOR_PROTOCOL", `a message of the Speech protocol ${how}`);

/** An id of a connection, a request or a stream: 32 hex digits, upper case. @param uuid of any form. */
export const hexId = (uuid: string): string => uuid.replaceAll("-", "").toUpperCase();

export const isHexId = (text: string): boolean => /^[0-9a-f]{32}$/i.test(text);

/** Times are in units of 100 ns. */
const TICKS_PER_MS = 10_000;

export const ticksToMs = (ticks: number): number => ticks / TICKS_PER_MS;

export const msToTicks = (ms: number): number => Math.round(ms * TICKS_PER_MS);

const FORMAT_TAGS = { pcm: 1, alaw: 6, mulaw: 7 } as const;

export type WaveEncoding = keyof typeof FORMAT_TAGS;

/** What the first message of a turn's audio begins with: a RIFF header whose sizes are 0, for the length is not known. */
export function waveHeader(sampleRateHz: number, channels = 1, encoding: WaveEncoding = "pcm"): Uint8Array {
  const bits = encoding === "pcm" ? 16 : 8;
  const bytes = new Uint8Array(44);
  const view = new DataView(bytes.buffer);
  const text = (at: number, words: string) => new TextEncoder().encodeInto(words, bytes.subarray(at));
  text(0, "RIFF");
  text(8, "WAVEfmt ");
  view.setUint32(16, 16, true);
  view.setUint16(20, FORMAT_TAGS[encoding], true);
  view.setUint16(22, channels, true);
  view.setUint32(24, sampleRateHz, true);
  view.setUint32(28, (sampleRateHz * channels * bits) / 8, true);
  view.setUint16(32, (channels * bits) / 8, true);
  view.setUint16(34, bits, true);
  text(36, "data");
  return bytes;
}
