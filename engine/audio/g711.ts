/**
 * A-law and mu-law as telephones speak them (ITU-T G.711), both ways. A-law carries 13 bits and mu-law 14; here both stand at the top of
 * 16, as everywhere outside the recommendation itself: A-law's smallest step is 16 and its largest value 32,256, mu-law's 8 and 32,124.
 * What lies exactly on a decision value, where the tables leave it open, goes outwards; a negative one in A-law inwards.
 */

/** Even bits are inverted on the line, so that silence does not look like a dead wire. */
const ALAW_TOGGLE = 0x55;
/** What mu-law adds to a magnitude before it looks for the segment: 33 of 14 bits. */
const MULAW_BIAS = 132;
/** The largest magnitude whose biased form still fits 15 bits. */
const MULAW_CLIP = 32635;

function aLawToLinear(code: number): number {
  const bits = code ^ ALAW_TOGGLE;
  const segment = (bits >> 4) & 7;
  const step = ((bits & 15) << 4) + 8;
  const magnitude = segment === 0 ? step : (step + 256) << (segment - 1);
  return bits & 0x80 ? magnitude : -magnitude;
}

function linearToALaw(sample: number): number {
  const positive = sample >= 0;
  // The ones' complement: every value has its mirror, -1 that of 0, so that -32,768 needs no case of its own.
  const magnitude = (positive ? sample : ~sample) >> 3;
  const segment = Math.max(0, 27 - Math.clz32(magnitude));
  const fine = segment === 0 ? magnitude >> 1 : (magnitude >> segment) & 15;
  return ((segment << 4) | fine | (positive ? 0x80 : 0)) ^ ALAW_TOGGLE;
}

function muLawToLinear(code: number): number {
  const bits = ~code & 0xff;
  const magnitude = ((((bits & 15) << 3) + MULAW_BIAS) << ((bits >> 4) & 7)) - MULAW_BIAS;
  return bits & 0x80 ? -magnitude : magnitude;
}

function linearToMuLaw(sample: number): number {
  const biased = Math.min(Math.abs(sample), MULAW_CLIP) + MULAW_BIAS;
  const segment = 31 - Math.clz32(biased) - 7;
  const fine = (biased >> (segment + 3)) & 15;
  return ~((sample < 0 ? 0x80 : 0) | (segment << 4) | fine) & 0xff;
}

const ALAW_LINEAR = Int16Array.from({ length: 256 }, (_, code) => aLawToLinear(code));
const MULAW_LINEAR = Int16Array.from({ length: 256 }, (_, code) => muLawToLinear(code));

/** One sample for each byte of A-law. */
export function decodeALaw(bytes: Uint8Array): Int16Array {
  const pcm = new Int16Array(bytes.length);
  for (let i = 0; i < pcm.length; i++) pcm[i] = ALAW_LINEAR[bytes[i]!]!;
  return pcm;
}

/** One byte of A-law for each sample. */
export function encodeALaw(pcm: Int16Array): Uint8Array {
  const bytes = new Uint8Array(pcm.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = linearToALaw(pcm[i]!);
  return bytes;
}

/** One sample for each byte of mu-law. */
export function decodeMuLaw(bytes: Uint8Array): Int16Array {
  const pcm = new Int16Array(bytes.length);
  for (let i = 0; i < pcm.length; i++) pcm[i] = MULAW_LINEAR[bytes[i]!]!;
  return pcm;
}

/** One byte of mu-law for each sample. */
export function encodeMuLaw(pcm: Int16Array): Uint8Array {
  const bytes = new Uint8Array(pcm.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = linearToMuLaw(pcm[i]!);
  return bytes;
}
