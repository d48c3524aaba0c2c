import { EngineError, StreamFraming } from "#engine/plugin";

/** Bits of the flag byte: how the payload is written. */
export const MSGPACK = 0x80;
export const JSON_TEXT = 0x40;

/** What every packet has beside its meaning. */
interface Envelope {
  /** 0 and 1 are in use and mean the same; an answer repeats its quest's. */
  readonly version: number;
  /** `MSGPACK` or `JSON_TEXT`; an answer repeats its quest's. */
  readonly flag: number;
  /** One map; see `payload.ts`. */
  readonly payload: Uint8Array;
}

/** A call of either side. */
export interface Quest extends Envelope {
  readonly kind: "quest";
  /** 1 to 255 bytes of UTF-8. */
  readonly method: string;
  /** From 1 to 2^32 - 1, of the caller's own count; undefined: nobody waits for an answer. */
  readonly seq: number | undefined;
}

export interface Answer extends Envelope {
  readonly kind: "answer";
  /** Of the quest that it answers. */
  readonly seq: number;
  /** False: the payload is `{ code, ex }`. */
  readonly ok: boolean;
}

export type Packet = Quest | Answer;

const HEADER_BYTES = 12;
const SEQ_BYTES = 4;
/** "FPNN". */
const MAGIC = 0x46504e4e;
const ONE_WAY = 0;
const TWO_WAY = 1;
const ANSWER = 2;
/** A packet beyond this ends the connection, as the vendor's own server does it. */
export const MOST_PACKET_BYTES = 8 * 2 ** 20;

/** The bytes of a packet. All integers are little-endian: magic, version, flag, type, method length or status, payload length, seq, method. */
export function encodePacket(packet: Packet): Uint8Array {
  const method = packet.kind === "quest" ? new TextEncoder().encode(packet.method) : new Uint8Array(0);
  const seqBytes = packet.seq === undefined ? 0 : SEQ_BYTES;
  const bytes = new Uint8Array(HEADER_BYTES + seqBytes + method.length + packet.payload.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, MAGIC);
  view.setUint8(4, packet.version);
  view.setUint8(5, packet.flag);
  view.setUint8(6, packet.kind === "answer" ? ANSWER : packet.seq === undefined ? ONE_WAY : TWO_WAY);
  view.setUint8(7, packet.kind === "quest" ? method.length : packet.ok ? 0 : 1);
  view.setUint32(8, packet.payload.length, true);
  if (packet.seq !== undefined) view.setUint32(HEADER_BYTES, packet.seq, true);
  bytes.set(method, HEADER_BYTES + seqBytes);
  bytes.set(packet.payload, HEADER_BYTES + seqBytes + method.length);
  return bytes;
}

/** Cuts what a stream brings, in chunks of any length, into packets. A WebSocket's message is one packet, and may be read the same way. */
export class PacketReader {
  readonly #framing = new StreamFraming(packetLength, MOST_PACKET_BYTES);

  /** Bytes of a packet that is not whole yet. */
  get held(): number {
    return this.#framing.held;
  }

  /**
   * The packets that are whole now.
   * @throws EngineError VENDOR_PROTOCOL for what is no packet; nothing can be read after it.
   */
  push(chunk: Uint8Array): Packet[] {
    return this.#framing.push(chunk).map(readPacket);
  }
}

const viewOf = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** Of the packet at the beginning of these bytes, header included; undefined while its header is not whole. */
function packetLength(head: Uint8Array): number | undefined {
  const view = viewOf(head);
  if (head.length >= 4 && view.getUint32(0) !== MAGIC) throw broken("bytes that begin no packet");
  if (head.length < HEADER_BYTES) return undefined;
  const flag = view.getUint8(5);
  const type = view.getUint8(6);
  const methodOrStatus = view.getUint8(7);
  if (flag !== MSGPACK && flag !== JSON_TEXT)
    throw broken(`flag ${flag.toString(16)}; wanted 80 or 40, neither packed nor sealed`);
  if (type > ANSWER) throw broken(`packet type ${type}; wanted 0, 1 or 2`);
  if (type !== ANSWER && methodOrStatus === 0) throw broken("a call of no method");
  return (
    HEADER_BYTES + (type === ONE_WAY ? 0 : SEQ_BYTES) + (type === ANSWER ? 0 : methodOrStatus) + view.getUint32(8, true)
  );
}

/** @param bytes of exactly one packet. */
function readPacket(bytes: Uint8Array): Packet {
  const view = viewOf(bytes);
  const version = view.getUint8(4);
  const flag = view.getUint8(5);
  const type = view.getUint8(6);
  const payload = bytes.subarray(bytes.length - view.getUint32(8, true));
  if (type === ANSWER)
    return {
      kind: "answer",
      version,
      flag,
      seq: view.getUint32(HEADER_BYTES, true),
      ok: view.getUint8(7) === 0,
      payload,
    };
  const methodAt = HEADER_BYTES + (type === TWO_WAY ? SEQ_BYTES : 0);
  const method = new TextDecoder().decode(bytes.subarray(methodAt, methodAt + view.getUint8(7)));
  const seq = type === TWO_WAY ? view.getUint32(HEADER_BYTES, true) : undefined;
  return { kind: "quest", version, flag, seq, method, payload };
}

const broken = (what: string) => new EngineError("VENDOR_PROTOCOL", `RTVT: ${what}`);
