import { createECDH } from "node:crypto";
import { EngineError } from "#engine/plugin";
import { type Curve, modulo, multiply } from "./point.ts";

/** Curves of the vendor's key exchange, by its names. */
export type CurveName = "secp256k1" | "secp256r1" | "secp224r1" | "secp192r1";

/** @see https://www.secg.org/sec2-v2.pdf, and FIPS 186-4 D.1.2 for secp192r1 */
export const CURVES: Readonly<Record<CurveName, Curve>> = {
  secp256k1: {
    bytes: 32,
    p: 0xfffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2fn,
    a: 0n,
    b: 7n,
    n: 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n,
    g: {
      x: 0x79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798n,
      y: 0x483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8n,
    },
  },
  secp256r1: {
    bytes: 32,
    p: 0xffffffff00000001000000000000000000000000ffffffffffffffffffffffffn,
    a: 0xffffffff00000001000000000000000000000000fffffffffffffffffffffffcn,
    b: 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604bn,
    n: 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n,
    g: {
      x: 0x6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296n,
      y: 0x4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5n,
    },
  },
  secp224r1: {
    bytes: 28,
    p: 0xffffffffffffffffffffffffffffffff000000000000000000000001n,
    a: 0xfffffffffffffffffffffffffffffffefffffffffffffffffffffffen,
    b: 0xb4050a850c04b3abf54132565044b0b7d7bfd8ba270b39432355ffb4n,
    n: 0xffffffffffffffffffffffffffff16a2e0b8f03e13dd29455c5c2a3dn,
    g: {
      x: 0xb70e0cbd6bb4bf7f321390b94a03c1d356c21122343280d6115c1d21n,
      y: 0xbd376388b5f723fb4c22dfe6cd4375a05a07476444d5819985007e34n,
    },
  },
  secp192r1: {
    bytes: 24,
    p: 0xfffffffffffffffffffffffffffffffeffffffffffffffffn,
    a: 0xfffffffffffffffffffffffffffffffefffffffffffffffcn,
    b: 0x64210519e59c80e70fa7e9ab72243049feb8deecc146b9b1n,
    n: 0xffffffffffffffffffffffff99def836146bc9b1b4d22831n,
    g: {
      x: 0x188da80eb03090f67cbf20eb43a18800f4ff0afd82ff1012n,
      y: 0x07192b95ffc8da78631011ed6b24cdd573f977a11e794811n,
    },
  },
};

/** Those that the runtime's own library has, by its names; the vendor's default is none of them. */
const LIBRARY: Partial<Record<CurveName, string>> = { secp256r1: "prime256v1", secp224r1: "secp224r1" };

/** Both coordinates follow. */
const WHOLE = 4;

/** Bytes of a coordinate, and of a private key. */
export const coordinateBytes = (name: CurveName): number => CURVES[name].bytes;

/**
 * The public key of a private one: X and Y, big-endian, without the byte that says that both are there.
 * @param privateKey big-endian, any length; it counts modulo the order of the curve.
 * @throws EngineError CONFIG_INVALID for a key of zero.
 */
export function publicKeyOf(name: CurveName, privateKey: Uint8Array): Uint8Array {
  const curve = CURVES[name];
  const scalar = scalarOf(curve, privateKey);
  const library = LIBRARY[name];
  if (library !== undefined) return new Uint8Array(ecdh(library, scalar, curve.bytes).getPublicKey()).slice(1);
  const { x, y } = multiply(curve.g, scalar, curve);
  return new Uint8Array([...bytesOf(x, curve.bytes), ...bytesOf(y, curve.bytes)]);
}

/**
 * What both sides come to: the X coordinate, big-endian, as long as the curve's field.
 *
 * Two of the four curves are the runtime's own library's. The others, of which one is the vendor's default, are computed by `point.ts`.
 * @param publicKey of the other side, X and Y.
 * @throws EngineError VENDOR_PROTOCOL when it is no point of the curve.
 */
export function sharedSecret(name: CurveName, privateKey: Uint8Array, publicKey: Uint8Array): Uint8Array {
  const curve = CURVES[name];
  const { bytes, p, a, b } = curve;
  if (publicKey.length !== 2 * bytes)
    throw new EngineError("VENDOR_PROTOCOL", `RTVT: a public key of ${publicKey.length} bytes; wanted ${2 * bytes}`);
  const point = { x: toBigint(publicKey.subarray(0, bytes)), y: toBigint(publicKey.subarray(bytes)) };
  const lies = point.x < p && point.y < p && modulo(point.y ** 2n - point.x ** 3n - a * point.x - b, p) === 0n;
  if (!lies) throw new EngineError("VENDOR_PROTOCOL", `RTVT: a public key that is no point of ${name}`);
  const scalar = scalarOf(curve, privateKey);
  const library = LIBRARY[name];
  if (library !== undefined)
    return new Uint8Array(ecdh(library, scalar, bytes).computeSecret(Uint8Array.of(WHOLE, ...publicKey)));
  return bytesOf(multiply(point, scalar, curve).x, bytes);
}

function ecdh(library: string, scalar: bigint, bytes: number) {
  const pair = createECDH(library);
  pair.setPrivateKey(bytesOf(scalar, bytes));
  return pair;
}

function scalarOf({ n }: Curve, privateKey: Uint8Array): bigint {
  const scalar = toBigint(privateKey) % n;
  if (scalar === 0n) throw new EngineError("CONFIG_INVALID", "RTVT: a private key of zero");
  return scalar;
}

const toBigint = (bytes: Uint8Array): bigint =>
  bytes.length === 0 ? 0n : BigInt(`0x${Buffer.from(bytes).toString("hex")}`);

const bytesOf = (number: bigint, bytes: number): Uint8Array =>
  new Uint8Array(Buffer.from(number.toString(16).padStart(2 * bytes, "0"), "hex"));
