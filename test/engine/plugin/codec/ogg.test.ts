import { expect, test } from "bun:test";
import {
  isOgg,
  isOpusHead,
  OggOpusWriter,
  OggReader,
  oggChecksum,
  oggPage,
} from "../../../../engine/plugin/codec/ogg.ts";

const facts = { channels: 1, sampleRateHz: 16000, preSkip: 312, serial: 7 } as const;
const packetOf = (length: number, from = 0) => Uint8Array.from({ length }, (_, i) => (from + i * 7) & 255);

test("the checksum is the one of RFC 3533", () => {
  // The catalogue of CRCs gives 0x765e7680 for the same polynomial with all bits of the result turned over (CRC-32/CKSUM).
  expect(oggChecksum(new TextEncoder().encode("123456789"))).toBe((0x765e7680 ^ 0xffffffff) >>> 0);
});

test("a stream begins with the identification and the comment, each on a page of its own", () => {
  const head = new OggOpusWriter(facts).head();
  expect(isOgg(head)).toBe(true);
  const [identification, comment] = new OggReader().push(head);
  const view = new DataView(identification!.buffer, identification!.byteOffset);
  expect(new TextDecoder().decode(identification!.subarray(0, 8))).toBe("OpusHead");
  expect([identification![8], identification![9], view.getUint16(10, true), view.getUint32(12, true)]).toEqual([
    1, 1, 312, 16000,
  ]);
  expect(new TextDecoder().decode(comment!.subarray(0, 8))).toBe("OpusTags");
  expect([identification, comment].map((packet) => isOpusHead(packet!))).toEqual([true, true]);
  expect(isOpusHead(packetOf(40))).toBe(false);
});

test("pages count on and tell the position at 48,000 Hz", () => {
  const writer = new OggOpusWriter(facts);
  const headPages = writer.head();
  const pages = [writer.packet(packetOf(30), 960), writer.packet(packetOf(31), 960, { last: true })];
  expect(headPages[5]).toBe(2);
  const told = pages.map((page) => {
    const view = new DataView(page.buffer);
    return { granule: view.getBigInt64(6, true), sequence: view.getUint32(18, true), flags: page[5] };
  });
  expect(told).toEqual([
    { granule: 960n, sequence: 2, flags: 0 },
    { granule: 1920n, sequence: 3, flags: 4 },
  ]);
});

test.each([1, 26, 27, 28, 100, 65_536])(
  "packets come out whole when the stream comes in chunks of %d bytes",
  (size) => {
    const packets = [0, 1, 254, 255, 256, 510, 1275, 40_000].map((length) => packetOf(length, length));
    const stream = packets.map((packet, i) => oggPage(packet, { serial: 1, sequence: i, granule: i }));
    const bytes = Buffer.concat(stream);
    const reader = new OggReader();
    const read: Uint8Array[] = [];
    for (let at = 0; at < bytes.length; at += size) read.push(...reader.push(bytes.subarray(at, at + size)));
    expect(read.map((packet) => packet.length)).toEqual(packets.map((packet) => packet.length));
    expect(read.map((packet) => Buffer.from(packet))).toEqual(packets.map((packet) => Buffer.from(packet)));
  },
);

test("a packet may go on over pages, and several may share one", () => {
  // Two pages written by hand: [255 bytes, to be continued] and [continued, 3 bytes; 2 bytes].
  const page = (flags: number, sequence: number, table: number[], body: Uint8Array) => {
    const bytes = new Uint8Array(27 + table.length + body.length);
    bytes.set(new TextEncoder().encode("OggS"));
    bytes[5] = flags;
    const view = new DataView(bytes.buffer);
    view.setUint32(18, sequence, true);
    bytes[26] = table.length;
    bytes.set(table, 27);
    bytes.set(body, 27 + table.length);
    view.setUint32(22, oggChecksum(bytes), true);
    return bytes;
  };
  const long = packetOf(258);
  const reader = new OggReader();
  expect(reader.push(page(0, 0, [255], long.subarray(0, 255)))).toEqual([]);
  const rest = Buffer.concat([long.subarray(255), Uint8Array.of(8, 9)]);
  const read = reader.push(page(1, 1, [3, 2], rest));
  expect(read.map((packet) => [...packet])).toEqual([[...long], [8, 9]]);
});

test.each([
  { what: "something else", spoil: (page: Uint8Array) => page.fill(65, 0, 4) },
  { what: "a flipped bit", spoil: (page: Uint8Array) => page.fill(page[40]! ^ 1, 40, 41) },
])("$what in place of a page is a coded error", ({ spoil }) => {
  const page = new OggOpusWriter(facts).head();
  spoil(page);
  expect(() => new OggReader().push(page)).toThrow(expect.objectContaining({ code: "AUDIO_NOT_RECOGNISED" }));
});

test("another stream in the same file is passed over", () => {
  const reader = new OggReader();
  reader.push(oggPage(packetOf(3), { serial: 1, sequence: 0, granule: 0, first: true }));
  expect(reader.push(oggPage(packetOf(4), { serial: 2, sequence: 0, granule: 0, first: true }))).toEqual([]);
  expect(reader.push(oggPage(packetOf(5), { serial: 1, sequence: 1, granule: 0 }))).toHaveLength(1);
});
