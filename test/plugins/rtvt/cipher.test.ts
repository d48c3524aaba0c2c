import { describe, expect, test } from "bun:test";
import { createECDH, generateKeyPairSync } from "node:crypto";
import { covers } from "#test/covers";
import { readPublicKey, sealing } from "../../../plugins/rtvt/wire/cipher.ts";
import { CURVES, coordinateBytes, publicKeyOf, sharedSecret } from "../../../plugins/rtvt/wire/curve.ts";
import { encodePacket, MSGPACK } from "../../../plugins/rtvt/wire/fpnn.ts";
import { encodeValues } from "../../../plugins/rtvt/wire/payload.ts";
import { multiply } from "../../../plugins/rtvt/wire/point.ts";
import { EXCHANGE } from "./fixtures/vectors.ts";

const bytesOf = (hex: string) => new Uint8Array(Buffer.from(hex, "hex"));
const hexOf = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");

describe("the exchange of keys", () => {
  test("both sides come to the published secret", () => {
    covers("R15");
    const client = bytesOf(EXCHANGE.clientPrivate);
    const server = bytesOf(EXCHANGE.serverPrivate);
    expect(hexOf(publicKeyOf("secp256k1", client))).toBe(EXCHANGE.clientPublic);
    expect(hexOf(publicKeyOf("secp256k1", server))).toBe(EXCHANGE.serverPublic);
    expect(hexOf(sharedSecret("secp256k1", client, bytesOf(EXCHANGE.serverPublic)))).toBe(EXCHANGE.secret);
    expect(hexOf(sharedSecret("secp256k1", server, bytesOf(EXCHANGE.clientPublic)))).toBe(EXCHANGE.secret);
  });

  test("the call for it is written byte for byte", () => {
    const payload = encodeValues({ publicKey: bytesOf(EXCHANGE.clientPublic), streamMode: false, bits: 128 });
    const quest = { kind: "quest", version: 0, flag: MSGPACK, seq: 2, method: "*key", payload } as const;
    expect(hexOf(encodePacket(quest))).toBe(EXCHANGE.quest);
  });

  test.each([
    { curve: "secp256r1", node: "prime256v1" },
    { curve: "secp224r1", node: "secp224r1" },
  ] as const)(
    "on $curve the library's keys and ours agree, and so does the arithmetic of the others",
    ({ curve, node }) => {
      const size = coordinateBytes(curve);
      for (const fill of [0x01, 0x5a, 0xfe, 0xff]) {
        const own = new Uint8Array(size).fill(fill); // the last counts modulo the order
        const theirs = createECDH(node);
        theirs.setPrivateKey(Buffer.alloc(size, 0x37));
        const public_ = new Uint8Array(theirs.getPublicKey()).slice(1);
        expect(hexOf(sharedSecret(curve, own, public_))).toBe(
          hexOf(new Uint8Array(theirs.computeSecret(Uint8Array.of(4, ...publicKeyOf(curve, own))))),
        );
        const scalar = BigInt(`0x${hexOf(own)}`) % CURVES[curve].n;
        const { x, y } = multiply(CURVES[curve].g, scalar, CURVES[curve]);
        expect([x, y].map((each) => each.toString(16).padStart(2 * size, "0")).join("")).toBe(
          hexOf(publicKeyOf(curve, own)),
        );
      }
    },
  );

  test.each(["secp256k1", "secp192r1"] as const)("on %s small and large scalars come to where they should", (curve) => {
    const { n, g, p } = CURVES[curve];
    const at = (scalar: bigint) => multiply(g, scalar, CURVES[curve]);
    expect(at(1n)).toEqual(g);
    expect(at(n - 1n)).toEqual({ x: g.x, y: p - g.y });
    expect(at(6n)).toEqual(multiply(at(2n), 3n, CURVES[curve]));
    expect(at(n - 2n).x).toBe(at(2n).x);
  });

  test("with other random numbers each time, the secret is the same", () => {
    const secrets = Array.from({ length: 8 }, () =>
      hexOf(sharedSecret("secp256k1", bytesOf(EXCHANGE.clientPrivate), bytesOf(EXCHANGE.serverPublic))),
    );
    expect(new Set(secrets)).toEqual(new Set([EXCHANGE.secret]));
  });

  test("on secp192r1 twice the generator is the published point", () => {
    const two = publicKeyOf("secp192r1", Uint8Array.of(2));
    expect(hexOf(two)).toBe(
      "dafebf5828783f2ad35534631588a3f629a70fb16982a888dd6bda0d993da0fa46b27bbc141b868f59331afa5c7e93ab",
    );
  });

  test.each([
    { what: "too short", key: "00".repeat(63) },
    { what: "no point of the curve", key: "01".repeat(64) },
    { what: "zero", key: "00".repeat(64) },
    { what: "beyond the field", key: "ff".repeat(64) },
  ])("a public key that is $what is refused", ({ key }) => {
    covers("R15");
    expect(() => sharedSecret("secp256k1", bytesOf("11"), bytesOf(key))).toThrow("public key");
  });

  test("a server's key is read from PEM with its curve", () => {
    covers("R15");
    for (const [namedCurve, curve] of [
      ["prime256v1", "secp256r1"],
      ["secp224r1", "secp224r1"],
    ] as const) {
      const { publicKey } = generateKeyPairSync("ec", { namedCurve });
      const der = publicKey.export({ type: "spki", format: "der" });
      const read = readPublicKey(publicKey.export({ type: "spki", format: "pem" }).toString());
      expect(read.curve).toBe(curve);
      expect(hexOf(read.publicKey)).toBe(hexOf(new Uint8Array(der)).slice(-4 * coordinateBytes(curve)));
    }
    expect(readPublicKey(secp256k1Pem(EXCHANGE.serverPublic))).toEqual({
      curve: "secp256k1",
      publicKey: bytesOf(EXCHANGE.serverPublic),
    });
  });

  test.each(["", "no key", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----"])("%p is no key", (pem) => {
    expect(() => readPublicKey(pem)).toThrow("a public key in PEM was wanted");
  });
});

describe("the cipher", () => {
  const secret = bytesOf(EXCHANGE.secret);

  test.each([
    { what: "the answer to *key, 128 bits", bits: 128, plain: EXCHANGE.plainAnswer, sealed: EXCHANGE.answer128 },
    { what: "a login's answer, 128 bits", bits: 128, plain: EXCHANGE.login, sealed: EXCHANGE.login128 },
    { what: "a login's answer, 256 bits", bits: 256, plain: EXCHANGE.login, sealed: EXCHANGE.login256 },
  ] as const)("package mode: $what", ({ bits, plain, sealed }) => {
    covers("R15");
    const cipher = sealing(secret, { streamMode: false, bits });
    expect(hexOf(cipher.seal(bytesOf(plain)))).toBe(sealed);
    expect(hexOf(cipher.seal(bytesOf(plain)))).toBe(sealed); // each packet for itself
    expect(hexOf(cipher.open(bytesOf(sealed + sealed)))).toBe(plain + plain);
  });

  test.each([
    { streamMode: false, bits: 128 },
    { streamMode: false, bits: 256 },
    { streamMode: true, bits: 128 },
    { streamMode: true, bits: 256 },
  ] as const)("two sides understand each other however it is cut: $streamMode, $bits", (how) => {
    covers("R15");
    const us = sealing(secret, how);
    const them = sealing(secret, how);
    const packets = [EXCHANGE.plainAnswer, EXCHANGE.login, EXCHANGE.quest].map(bytesOf);
    const line = Buffer.concat(packets.map((packet) => us.seal(packet)));
    const read: Uint8Array[] = [];
    for (let at = 0; at < line.length; at += 5) read.push(them.open(line.subarray(at, at + 5)));
    expect(hexOf(Buffer.concat(read))).toBe(hexOf(Buffer.concat(packets)));
    expect(hexOf(line)).not.toContain(EXCHANGE.login);
  });

  test("a curve of another length has another key", () => {
    const short = sealing(bytesOf("ab".repeat(24)), { streamMode: false, bits: 256 });
    const same = sealing(bytesOf("ab".repeat(24)), { streamMode: false, bits: 256 });
    expect(hexOf(same.open(short.seal(bytesOf("0102"))))).toBe("0102");
  });
});

/** As `openssl ec -pubout` writes it. */
function secp256k1Pem(publicKey: string): string {
  const der = `3056301006072a8648ce3d020106052b8104000a03420004${publicKey}`;
  return `-----BEGIN PUBLIC KEY-----\n${Buffer.from(der, "hex").toString("base64")}\n-----END PUBLIC KEY-----\n`;
}
