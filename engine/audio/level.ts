import { saturate } from "./saturate.ts";

/**
 * Mean power against a square wave of full scale (32,768), which is 0 dBFS; a sine of full scale is -3.01.
 * @param pcm any interleaving. Nothing but zeros, and nothing at all, give -Infinity.
 */
export function levelDbfs(pcm: Int16Array): number {
  let power = 0;
  for (let i = 0; i < pcm.length; i++) power += pcm[i]! * pcm[i]!;
  return power === 0 ? Number.NEGATIVE_INFINITY : 10 * Math.log10(power / pcm.length / 32768 ** 2);
}

/** The factor that a change of level means: 0 dB is exactly 1, -6 dB about a half. */
export const dbToFactor = (db: number): number => (db === 0 ? 1 : 10 ** (db / 20));

/** The same sound louder or softer, in a new array; what exceeds 16 bits saturates. */
export function applyGain(pcm: Int16Array, gainDb: number): Int16Array {
  const factor = dbToFactor(gainDb);
  const louder = new Int16Array(pcm.length);
  for (let i = 0; i < pcm.length; i++) louder[i] = saturate(Math.round(pcm[i]! * factor));
  return louder;
}
