import { randomBytes } from "node:crypto";

/** y² = x³ + ax + b over the integers modulo p, with a generator of the prime order n. */
export interface Curve {
  /** Of a coordinate. */
  readonly bytes: number;
  readonly p: bigint;
  readonly a: bigint;
  readonly b: bigint;
  readonly n: bigint;
  readonly g: Point;
}

export interface Point {
  readonly x: bigint;
  readonly y: bigint;
}

/** x = X / Z and y = Y / Z: many triples are one point. Z is 0 at infinity. */
type Projective = readonly [X: bigint, Y: bigint, Z: bigint];

/** By which scalars are blinded. */
const BLIND_BITS = 64;

/**
 * So many times a point. Whatever the scalar, the same operations follow each other (Montgomery's ladder, with the addition that has no
 * special cases); scalar and coordinates are blinded by random numbers, so that the time an operation takes, which for big integers depends
 * on the numbers, tells nothing of the scalar.
 * @param scalar from 1 to n - 1. @param point of the curve.
 * @see Coron, Resistance against differential power analysis for elliptic curve cryptosystems, 5.1 and 5.3
 */
export function multiply(point: Point, scalar: bigint, curve: Curve): Point {
  const { p, n, bytes } = curve;
  const blinded = scalar + random(BLIND_BITS / 8) * n;
  const z = 1n + (random(bytes) % (p - 1n));
  const sums: [Projective, Projective] = [
    [0n, 1n, 0n],
    [modulo(point.x * z, p), modulo(point.y * z, p), z],
  ];
  for (let at = BigInt(8 * bytes + BLIND_BITS); at >= 0n; at--) {
    const bit = Number((blinded >> at) & 1n) as 0 | 1;
    const both = add(sums[0], sums[1], curve);
    sums[bit] = add(sums[bit], sums[bit], curve);
    sums[bit === 0 ? 1 : 0] = both;
  }
  const [X, Y, Z] = sums[0];
  const over = inverse(Z, p);
  return { x: modulo(X * over, p), y: modulo(Y * over, p) };
}

/** Of any two points of a curve of prime order. @see Renes, Costello and Batina, Complete addition formulas, algorithm 1 */
function add([X1, Y1, Z1]: Projective, [X2, Y2, Z2]: Projective, { p, a, b }: Curve): Projective {
  const xx = modulo(X1 * X2, p);
  const yy = modulo(Y1 * Y2, p);
  const zz = modulo(Z1 * Z2, p);
  const xy = modulo((X1 + Y1) * (X2 + Y2) - xx - yy, p);
  const xz = modulo((X1 + Z1) * (X2 + Z2) - xx - zz, p);
  const yz = modulo((Y1 + Z1) * (Y2 + Z2) - yy - zz, p);
  const s = modulo(3n * b * zz + a * xz, p);
  const u = modulo(3n * xx + a * zz, p);
  const v = modulo(3n * b * xz + a * modulo(xx - a * zz, p), p);
  return [modulo(xy * (yy - s) - yz * v, p), modulo((yy - s) * (yy + s) + u * v, p), modulo(yz * (yy + s) + xy * u, p)];
}

export const modulo = (value: bigint, p: bigint): bigint => ((value % p) + p) % p;

/** By Euclid's algorithm. */
function inverse(value: bigint, p: bigint): bigint {
  let [r, next] = [p, modulo(value, p)];
  let [t, nextT] = [0n, 1n];
  while (next !== 0n) {
    const quotient = r / next;
    [r, next] = [next, r - quotient * next];
    [t, nextT] = [nextT, t - quotient * nextT];
  }
  return modulo(t, p);
}

const random = (bytes: number): bigint => BigInt(`0x${randomBytes(bytes).toString("hex")}`);
