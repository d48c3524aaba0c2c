import { voice } from "#test/detector-signals";
import { recordingNames, recordingPcm } from "#test/recordings";

export const RATE_HZ = 16_000;
/** 20 ms. */
export const SAMPLES = 320;
/** Keeps streams apart that share the recordings: stream i begins i times so many frames into them. */
export const STRIDE = 37;

/** Speech to measure with: what Debian's recordings hold, or a synthetic voice. Whole frames, over a buffer of its own. */
export function speechPcm(): Int16Array {
  const names = recordingNames();
  const parts = names.length > 0 ? names.map(recordingPcm) : [voice(RATE_HZ * 40, RATE_HZ, 1)];
  const whole = parts.map((part) => part.subarray(0, part.length - (part.length % SAMPLES)));
  const pcm = new Int16Array(new ArrayBuffer(whole.reduce((sum, part) => sum + part.byteLength, 0)));
  let at = 0;
  for (const part of whole) {
    pcm.set(part, at);
    at += part.length;
  }
  return pcm;
}

/** The frames of a stream's audio, as views. */
export const framesOf = (pcm: Int16Array): Int16Array[] =>
  Array.from({ length: pcm.length / SAMPLES }, (_, i) => pcm.subarray(i * SAMPLES, (i + 1) * SAMPLES));
