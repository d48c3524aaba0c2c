import { describe, expect, test } from "bun:test";
import { encodeS16le } from "#engine/audio";
import {
  AudioMessages,
  decodeMessage,
  encodeMessage,
  hexId,
  msToTicks,
  ticksToMs,
  waveHeader,
} from "../../../plugins/azure/wire.ts";

const ID = "0123456789ABCDEF0123456789ABCDEF";
const TIMESTAMP = "2026-01-02T03:04:05.678Z";

describe("messages", () => {
  test("of text have headers, an empty line and a body", () => {
    const message = {
      path: "speech.config",
      requestId: ID,
      timestamp: TIMESTAMP,
      contentType: "application/json",
      body: "{}",
    };
    expect(encodeMessage(message)).toBe(
      `Path: speech.config\r\nX-RequestId: ${ID}\r\nX-Timestamp: ${TIMESTAMP}\r\nContent-Type: application/json\r\n\r\n{}`,
    );
  });

  test("of bytes have the length of the headers before them, in network order", () => {
    const body = Uint8Array.of(1, 2, 3);
    const bytes = encodeMessage({ path: "audio", requestId: ID, timestamp: TIMESTAMP, body }) as Uint8Array;
    const head = `Path: audio\r\nX-RequestId: ${ID}\r\nX-Timestamp: ${TIMESTAMP}\r\n`;
    expect([...bytes.subarray(0, 2)]).toEqual([0, head.length]);
    expect(new TextDecoder().decode(bytes.subarray(2, 2 + head.length))).toBe(head);
    expect([...bytes.subarray(2 + head.length)]).toEqual([1, 2, 3]);
  });

  test.each(["text", new Uint8Array([9]), new Uint8Array(0), ""])("come back as they were: %p", (body) => {
    const sent = { path: "audio", requestId: ID, timestamp: TIMESTAMP, streamId: "ab", body };
    expect(decodeMessage(encodeMessage(sent))).toEqual({ path: "audio", requestId: ID, streamId: "ab", body });
  });

  test("are read as the service writes them: no blank behind the colon, names in any case", () => {
    expect(decodeMessage(`x-requestid:${ID.toLowerCase()}\r\nPATH:Turn.Start\r\n\r\n{"a":1}`)).toEqual({
      path: "turn.start",
      requestId: ID.toLowerCase(),
      body: '{"a":1}',
    });
  });

  test("have an id, all but the one that is of the connection", () => {
    const config = "X-Timestamp:2026-01-02T03:04:05.678Z\r\nPath:speech.config\r\n\r\n{}";
    expect(decodeMessage(config)).toEqual({ path: "speech.config", requestId: "", body: "{}" });
    expect(() => decodeMessage(config.replace("config", "context"))).toThrow("has no X-RequestId");
  });

  test("are read with a blank line inside the headers of a binary one, as third parties write them", () => {
    const head = `Path:audio\r\nX-RequestId:${ID}\r\n\r\n`;
    const bytes = new Uint8Array([0, head.length, ...new TextEncoder().encode(head), 7]);
    expect(decodeMessage(bytes)).toEqual({ path: "audio", requestId: ID, body: Uint8Array.of(7) });
  });

  test.each([
    { name: "without an empty line", message: `Path: x\r\nX-RequestId: ${ID}` },
    { name: "without a path", message: `X-RequestId: ${ID}\r\n\r\n` },
    { name: "without a request id", message: "Path: turn.end\r\n\r\n" },
    { name: "of one byte", message: Uint8Array.of(0) },
    { name: "of fewer bytes than it says", message: Uint8Array.of(0, 9, 65) },
    { name: "with headers beyond the specification", message: new Uint8Array(9000).fill(0x30) },
  ])("$name are refused with a code", ({ message }) => {
    expect(() => decodeMessage(message)).toThrow(expect.objectContaining({ code: "VENDOR_PROTOCOL" }));
  });
});

test("the header of 16 kHz mono is the one that the vendor's client sends", () => {
  expect(Buffer.from(waveHeader(16_000)).toString("hex")).toBe(
    "524946460000000057415645666d74201000000001000100803e0000007d0000020010006461746100000000",
  );
});

test.each([
  { encoding: "alaw", tag: 6 },
  { encoding: "mulaw", tag: 7 },
] as const)("the header of $encoding names format $tag with 8 bits", ({ encoding, tag }) => {
  const view = new DataView(waveHeader(8000, 1, encoding).buffer);
  expect([view.getUint16(20, true), view.getUint16(34, true), view.getUint32(28, true)]).toEqual([tag, 8, 8000]);
});

test("times are in units of 100 ns, ids without dashes", () => {
  expect([ticksToMs(10_000), msToTicks(1.25)]).toEqual([1, 12_500]);
  expect(hexId("01234567-89ab-cdef-0123-456789abcdef")).toBe(ID);
});

test("a message of audio that is made for a turn is the one that any message would be", () => {
  const messages = new AudioMessages(ID);
  const pcm = Int16Array.of(1, -2, 32_767, -32_768);
  const later = "2026-11-20T11:47:03.999Z";
  for (const timestamp of [TIMESTAMP, later])
    expect(messages.message(timestamp, pcm)).toEqual(
      encodeMessage({ path: "audio", requestId: ID, timestamp, body: encodeS16le(pcm) }) as Uint8Array,
    );
});
