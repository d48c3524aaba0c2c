import { joinBytes } from "../../audio/index.ts";
import { EngineError } from "../../errors/index.ts";

/*
 * The pages of an Ogg stream. A page is a head of 27 bytes, a table of segment lengths (a segment of less than 255 ends its packet), and the
 * segments. See RFC 3533.
 */
const HEAD_BYTES = 27;
const CAPTURE = Uint8Array.of(0x4f, 0x67, 0x67, 0x53); // "OggS"
const CONTINUED = 1;
const FIRST = 2;
const LAST = 4;
/** A page is never longer: its head, a full table, and 255 segments of 255 bytes. */
const MAX_PAGE_BYTES = HEAD_BYTES + 255 + 255 * 255;

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte << 24;
  for (let bit = 0; bit < 8; bit++) crc = crc & 0x80000000 ? (crc << 1) ^ 0x04c11db7 : crc << 1;
  return crc >>> 0;
});

/** The checksum of a page, whose own four bytes count as zeros: polynomial 0x04c11db7, no reflection, from 0. */
export function oggChecksum(bytes: Uint8Array): number {
  let crc = 0;
  for (const byte of bytes) crc = (crc << 8) ^ (CRC_TABLE[((crc >>> 24) ^ byte) & 255] ?? 0);
  return crc >>> 0;
}

export interface OggPageFacts {
  readonly serial: number;
  readonly sequence: number;
  /** The position after its last sample, at 48,000 Hz for Opus. */
  readonly granule: number;
  readonly first?: boolean;
  readonly last?: boolean;
}

/** One page with one packet. @throws EngineError AUDIO_FORMAT_UNSUPPORTED when the packet is too long for one page: 65,024 bytes. */
export function oggPage(packet: Uint8Array, facts: OggPageFacts): Uint8Array {
  const segments = Math.floor(packet.length / 255) + 1;
  if (segments > 255)
    throw new EngineError("AUDIO_FORMAT_UNSUPPORTED", `a packet of ${packet.length} bytes does not fit one Ogg page`);
  const page = new Uint8Array(HEAD_BYTES + segments + packet.length);
  const view = new DataView(page.buffer);
  page.set(CAPTURE);
  page[5] = (facts.first ? FIRST : 0) | (facts.last ? LAST : 0);
  view.setBigInt64(6, BigInt(facts.granule), true);
  view.setUint32(14, facts.serial, true);
  view.setUint32(18, facts.sequence, true);
  page[26] = segments;
  page.fill(255, HEAD_BYTES, HEAD_BYTES + segments - 1);
  page[HEAD_BYTES + segments - 1] = packet.length % 255;
  page.set(packet, HEAD_BYTES + segments);
  view.setUint32(22, oggChecksum(page), true);
  return page;
}

export interface OggOpusFacts {
  readonly channels: 1 | 2;
  /** Of what was coded; for information only. */
  readonly sampleRateHz: number;
  /** Samples at 48,000 Hz that a player leaves out at the start: the encoder's lookahead. */
  readonly preSkip: number;
  /** Any number that tells streams of one file apart. */
  readonly serial: number;
}

/** Writes Opus packets as an Ogg stream that can be sent while it grows: a page for each packet. See RFC 7845. */
export class OggOpusWriter {
  #sequence = 0;
  #granule = 0;

  constructor(readonly facts: OggOpusFacts) {}

  /** The two pages that a stream begins with. */
  head(): Uint8Array {
    const { channels, sampleRateHz, preSkip } = this.facts;
    const head = new Uint8Array(19);
    const view = new DataView(head.buffer);
    head.set(new TextEncoder().encode("OpusHead"));
    head[8] = 1;
    head[9] = channels;
    view.setUint16(10, preSkip, true);
    view.setUint32(12, sampleRateHz, true);
    const vendor = new TextEncoder().encode("parlando");
    const tags = new Uint8Array(8 + 4 + vendor.length + 4);
    tags.set(new TextEncoder().encode("OpusTags"));
    new DataView(tags.buffer).setUint32(8, vendor.length, true);
    tags.set(vendor, 12);
    return joinBytes(this.#page(head, { first: true }), this.#page(tags));
  }

  /** @param samples that the packet decodes to at 48,000 Hz, per channel. */
  packet(packet: Uint8Array, samples: number, options: { readonly last?: boolean } = {}): Uint8Array {
    this.#granule += samples;
    return this.#page(packet, options);
  }

  #page(packet: Uint8Array, flags: { readonly first?: boolean; readonly last?: boolean } = {}): Uint8Array {
    const { serial } = this.facts;
    return oggPage(packet, { serial, sequence: this.#sequence++, granule: this.#granule, ...flags });
  }
}

/** Reads the packets of an Ogg stream that comes in chunks of any length. Of several streams mixed in one file it follows the first. */
export class OggReader {
  #bytes: Uint8Array = new Uint8Array(0);
  /** The beginning of a packet that goes on in the next page. */
  #begun: Uint8Array | undefined;
  #serial: number | undefined;
  #ended = false;
  #granule = 0;

  /** The stream's last page was read. */
  get ended(): boolean {
    return this.#ended;
  }

  /** Where the stream stands after the last page that says so; 0 before. */
  get granule(): number {
    return this.#granule;
  }

  /**
   * The packets that a chunk completes, heads included. They are slices of memory that is not used again.
   * @throws EngineError AUDIO_NOT_RECOGNISED where no page begins, or its checksum is wrong.
   */
  push(chunk: Uint8Array): Uint8Array[] {
    this.#bytes = joinBytes(this.#bytes, chunk);
    const packets: Uint8Array[] = [];
    for (let length = this.#pageLength(); length !== undefined; length = this.#pageLength()) {
      packets.push(...this.#read(this.#bytes.slice(0, length)));
      this.#bytes = this.#bytes.subarray(length);
    }
    return packets;
  }

  /** Of the page at the start, as soon as all of it is there. */
  #pageLength(): number | undefined {
    const bytes = this.#bytes;
    for (let i = 0; i < Math.min(bytes.length, CAPTURE.length); i++)
      if (bytes[i] !== CAPTURE[i]) throw noOgg("no Ogg page begins where one should");
    const segments = bytes[26];
    if (segments === undefined || bytes.length < HEAD_BYTES + segments) return undefined;
    let length = HEAD_BYTES + segments;
    for (let i = 0; i < segments; i++) length += bytes[HEAD_BYTES + i] ?? 0;
    return length <= Math.min(bytes.length, MAX_PAGE_BYTES) ? length : undefined;
  }

  #read(page: Uint8Array): Uint8Array[] {
    const view = new DataView(page.buffer, page.byteOffset);
    const said = view.getUint32(22, true);
    view.setUint32(22, 0, true);
    if (oggChecksum(page) !== said) throw noOgg("the checksum of an Ogg page is wrong");
    const serial = view.getUint32(14, true);
    this.#serial ??= serial;
    if (serial !== this.#serial) return [];
    if (((page[5] ?? 0) & LAST) !== 0) this.#ended = true;
    const granule = view.getBigInt64(6, true);
    if (granule >= 0n) this.#granule = Number(granule); // -1: no packet ends in this page
    if (((page[5] ?? 0) & CONTINUED) === 0) this.#begun = undefined;
    const segments = page[26] ?? 0;
    const packets: Uint8Array[] = [];
    let from = HEAD_BYTES + segments;
    let to = from;
    for (let i = 0; i < segments; i++) {
      const length = page[HEAD_BYTES + i] ?? 0;
      to += length;
      if (length === 255) continue;
      packets.push(this.#joined(page.subarray(from, to)));
      this.#begun = undefined;
      from = to;
    }
    if (to > from) this.#begun = this.#joined(page.subarray(from, to));
    return packets;
  }

  #joined(rest: Uint8Array): Uint8Array {
    return this.#begun ? joinBytes(this.#begun, rest) : rest;
  }
}

const noOgg = (message: string) => new EngineError("AUDIO_NOT_RECOGNISED", message);

/** An Ogg stream begins with it. */
export const isOgg = (bytes: Uint8Array): boolean =>
  bytes.length >= CAPTURE.length && CAPTURE.every((byte, i) => bytes[i] === byte);

/** Whether a packet of an Ogg Opus stream is one of the two that hold no sound. */
export function isOpusHead(packet: Uint8Array): boolean {
  const name = new TextDecoder("latin1").decode(packet.subarray(0, 8));
  return name === "OpusHead" || name === "OpusTags";
}
