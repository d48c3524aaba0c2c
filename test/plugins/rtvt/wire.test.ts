import { describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { covers } from "#test/covers";
import { isBase64, loginToken } from "../../../plugins/rtvt/token/signature.ts";
import { encodePacket, JSON_TEXT, MSGPACK, type Packet, PacketReader } from "../../../plugins/rtvt/wire/fpnn.ts";
import { decodeRawValues, decodeValues, encodeValues } from "../../../plugins/rtvt/wire/payload.ts";
import { dataQuest, loginQuest, readPush, readValues, startQuest } from "../../../plugins/rtvt/wire.ts";
import { DATA_DIGESTS, JSON_LOGIN, PROJECT, STREAM_ID, VECTORS } from "./fixtures/vectors.ts";

const bytesOf = (hex: string) => new Uint8Array(Buffer.from(hex, "hex"));
const hexOf = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");
const one = (hex: string): Packet => {
  const [packet, ...more] = new PacketReader().push(bytesOf(hex));
  if (!packet || more.length > 0) throw new Error("one packet was expected");
  return packet;
};
const codeOf = (call: () => unknown): string | undefined => {
  try {
    call();
  } catch (error) {
    return (error as { code?: string }).code;
  }
  return undefined;
};

describe("packets", () => {
  test.each(VECTORS.map((vector) => [vector.name, vector] as const))("%s is read", (_, vector) => {
    const packet = one(vector.hex);
    expect(packet).toMatchObject({ version: vector.version, flag: MSGPACK });
    expect(packet.seq).toBe(vector.seq);
    if (packet.kind === "quest") expect(packet.method).toBe(vector.method ?? "");
    else expect(packet.ok).toBe(vector.ok ?? false);
    expect(decodeValues(packet.payload)).toEqual(vector.values);
  });

  test.each(VECTORS.map((vector) => [vector.name, vector] as const))("%s is written, byte for byte", (_, vector) => {
    const { version, seq, method } = vector;
    const payload = inOrderOf(one(vector.hex).payload, vector.values);
    const packet: Packet =
      method === undefined
        ? { kind: "answer", version, flag: MSGPACK, seq: seq ?? 0, ok: vector.ok ?? false, payload }
        : { kind: "quest", version, flag: MSGPACK, seq, method, payload };
    expect(hexOf(encodePacket(packet))).toBe(vector.hex);
  });

  test("audio of silence and of a ramp has the digests that were published", () => {
    covers("R5");
    const ramp = new Int16Array(320).map((_, k) => (64 * k) % 32768);
    const packet = (seq: number, data: Uint8Array) =>
      encodePacket({
        kind: "quest",
        version: 0,
        flag: MSGPACK,
        seq: seq + 2,
        method: "voiceData",
        payload: encodeValues({ streamId: STREAM_ID, seq, data, ts: 1713354431399 }),
      });
    const digest = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");
    expect(digest(packet(1, new Uint8Array(640)))).toBe(DATA_DIGESTS.silence);
    expect(digest(packet(2, new Uint8Array(ramp.buffer)))).toBe(DATA_DIGESTS.ramp);
  });

  test("packets are found however the network cuts them", () => {
    const all = Buffer.concat(VECTORS.map(({ hex }) => bytesOf(hex)));
    for (const size of [1, 7, 12, 640, all.length]) {
      const reader = new PacketReader();
      const packets: Packet[] = [];
      for (let at = 0; at < all.length; at += size) packets.push(...reader.push(all.subarray(at, at + size)));
      expect(packets.map((packet) => hexOf(encodePacket(packet)))).toEqual(VECTORS.map(({ hex }) => hex));
      expect(reader.held).toBe(0);
    }
  });

  test.each([
    { what: "no magic", hex: "48545450" },
    { what: "a type that there is not", hex: "46504e4e0180030501000000070000002a70696e6780" },
    { what: "both kinds of payload", hex: "46504e4e01c0010501000000070000002a70696e6780" },
    { what: "no kind of payload", hex: "46504e4e0100010501000000070000002a70696e6780" },
    { what: "a packed payload", hex: "46504e4e01a0010501000000070000002a70696e6780" },
    { what: "a sealed payload", hex: "46504e4e0190010501000000070000002a70696e6780" },
    { what: "a call without a method", hex: "46504e4e0180010001000000070000002a70696e6780" },
    { what: "a payload of 16 MiB", hex: "46504e4e0180010500000001070000002a70696e6780" },
  ])("$what is no packet", ({ hex }) => {
    expect(codeOf(() => new PacketReader().push(bytesOf(hex)))).toBe("VENDOR_PROTOCOL");
  });

  test("what can be no packet is known from its first four bytes", () => {
    expect(codeOf(() => new PacketReader().push(bytesOf("46504e")))).toBeUndefined();
    expect(codeOf(() => new PacketReader().push(bytesOf("46504e4f")))).toBe("VENDOR_PROTOCOL");
  });
});

describe("payloads", () => {
  test("ids of streams stay exact in MessagePack and in JSON", () => {
    covers("R13");
    for (const id of [STREAM_ID, STREAM_ID + 1n, 2n ** 63n - 1n, 2n ** 53n + 1n])
      for (const flag of [MSGPACK, JSON_TEXT])
        expect(decodeValues(encodeValues({ streamId: id }, flag), flag)).toEqual({ streamId: id });
  });

  test.each([
    { what: "a small number", value: 5, hex: "81a16e05" },
    { what: "a small bigint, as short as a number", value: 5n, hex: "81a16e05" },
    { what: "the greatest of 32 bits", value: 2 ** 32 - 1, hex: "81a16eceffffffff" },
    { what: "a time, as an integer and no float", value: 1713354431399, hex: "81a16ecf0000018eebe1dba7" },
    { what: "a negative time", value: -1713354431399, hex: "81a16ed3fffffe71141e2459" },
    { what: "a fraction", value: 1.5, hex: "81a16ecb3ff8000000000000" },
  ])("$what is written", ({ value, hex }) => {
    expect(hexOf(encodeValues({ n: value }))).toBe(hex);
  });

  test("a small integer that was written with 64 bits is a number", () => {
    expect(decodeValues(bytesOf("81a3736571cf0000000000000007"))).toEqual({ seq: 7 });
  });

  test("audio of an encoder that knows no bytes survives as it is", () => {
    covers("R5");
    const audio = bytesOf("00ff80fe7f");
    const payload = bytesOf(`81a464617461a5${hexOf(audio)}`);
    expect(decodeRawValues(payload).data).toEqual(audio);
    expect(typeof decodeValues(payload).data).toBe("string");
  });

  test("a login in JSON is read", () => {
    const packet = one(JSON_LOGIN);
    expect(packet).toMatchObject({ kind: "quest", method: "login", seq: 1, flag: JSON_TEXT });
    expect(decodeValues(packet.payload, packet.flag)).toEqual({ pid: PROJECT.pid });
    expect(hexOf(encodePacket({ ...packet, payload: encodeValues({ pid: PROJECT.pid }, JSON_TEXT) }))).toBe(JSON_LOGIN);
  });

  test.each([
    { what: "nothing at all", hex: "", flag: MSGPACK },
    { what: "half a map", hex: "82a463", flag: MSGPACK },
    { what: "a list", hex: "93010203", flag: MSGPACK },
    { what: "nil", hex: "c0", flag: MSGPACK },
    { what: "no JSON", hex: "7b22", flag: JSON_TEXT },
    { what: "a JSON list", hex: "5b5d", flag: JSON_TEXT },
  ])("$what is no payload", ({ hex, flag }) => {
    expect(codeOf(() => decodeValues(bytesOf(hex), flag))).toBe("VENDOR_PROTOCOL");
  });
});

describe("messages", () => {
  test("the token of a login is the published one", () => {
    covers("R1");
    expect(loginToken(PROJECT.key, PROJECT.pid, PROJECT.ts)).toBe(PROJECT.token);
  });

  test.each([
    { key: PROJECT.key, good: true },
    { key: "", good: false },
    { key: "not base64!", good: false },
    { key: "abc", good: false },
  ])("'$key' as a project's key: $good", ({ key, good }) => {
    expect(isBase64(key)).toBe(good);
  });

  test("a voiceStart without what some libraries leave out asks for nothing more", () => {
    covers("R3", "R4");
    expect(startQuest.parse({ asrResult: true, srcLanguage: "zh", unknown: 1 })).toEqual({
      asrResult: true,
      asrTempResult: false,
      transResult: false,
      srcLanguage: "zh",
      destLanguage: "",
      srcAltLanguage: [],
      ttsResult: false,
      ttsSpeaker: "",
      userId: "",
      codec: 0,
    });
  });

  test("a small stream id is a bigint, too", () => {
    covers("R13");
    expect(dataQuest.parse({ streamId: 7, seq: 1, data: new Uint8Array(1), ts: 1 }).streamId).toBe(7n);
  });

  test("what is missing is named", () => {
    expect(() => readValues("login", { pid: 1, ts: 1 }, loginQuest)).toThrow(
      "login came with values that are not understood, at token",
    );
  });

  test.each([
    { method: "recognizedTempResult", role: "transcript", final: false },
    { method: "recognizedResult", role: "transcript", final: true },
    { method: "translatedTempResult", role: "translation", final: false },
    { method: "translatedResult", role: "translation", final: true },
  ] as const)("$method is a $role", ({ method, role, final }) => {
    covers("R8");
    const values = VECTORS.find((vector) => vector.method === method)?.values ?? {};
    expect(readPush(method, values)).toEqual({
      kind: "text",
      role,
      final,
      text: String(values.asr ?? values.trans),
      streamId: STREAM_ID,
      taskId: 3,
      startTs: Number(values.startTs),
      endTs: Number(values.endTs),
      recTs: Number(values.recTs),
      lang: String(values.lang),
    });
  });

  test("a result may come without what older services leave out", () => {
    const values = { streamId: STREAM_ID, startTs: 1, endTs: 2, asr: "hi" };
    expect(readPush("recognizedResult", values)).toMatchObject({ text: "hi", taskId: undefined, lang: undefined });
  });

  test("speech comes with its text", () => {
    covers("R10");
    const values = VECTORS.find(({ method }) => method === "ttsResult")?.values ?? {};
    expect(readPush("ttsResult", values)).toEqual({
      kind: "spoken",
      streamId: STREAM_ID,
      lang: "en",
      text: "Hello,",
      data: Uint8Array.of(0xff, 0xf3, 0x44, 0xc4),
    });
  });

  test("a push of another method is nobody's, one of a wrong form an error", () => {
    covers("R9");
    expect(readPush("somethingElse", {})).toBeUndefined();
    expect(codeOf(() => readPush("recognizedResult", { streamId: STREAM_ID, asr: 5 }))).toBe("VENDOR_PROTOCOL");
  });
});

/** The values again, in the order in which the vector has them: a map's order has no meaning, but bytes have. */
function inOrderOf(payload: Uint8Array, values: Readonly<Record<string, unknown>>): Uint8Array {
  return encodeValues(Object.fromEntries(Object.keys(decodeValues(payload)).map((name) => [name, values[name]])));
}
