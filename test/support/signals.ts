import type { AudioFrame } from "#engine/frames";
import { voice as buzz, whiteNoise } from "./detector-signals.ts";

/** Length and rate of a signal; 16 kHz unless told. All signals are mono, signed 16-bit. */
interface Length {
  readonly ms: number;
  readonly rateHz?: number;
}

const samplesOf = ({ ms, rateHz = 16000 }: Length): number => Math.round((ms * rateHz) / 1000);

export const silence = (length: Length): Int16Array => new Int16Array(samplesOf(length));

/** A sine. @param peak of 32,767. */
export function tone({ hz, peak = 16000, ...length }: Length & { hz: number; peak?: number }): Int16Array {
  const { rateHz = 16000 } = length;
  return Int16Array.from({ length: samplesOf(length) }, (_, i) =>
    Math.round(peak * Math.sin((2 * Math.PI * hz * i) / rateHz)),
  );
}

/** White noise, the same for the same seed. */
export const noise = ({ seed, peak = 8000, ...length }: Length & { seed: number; peak?: number }): Int16Array =>
  whiteNoise(samplesOf(length), peak, seed);

/** What a detector takes for a voice: a buzz with formants in syllables, words and pauses. */
export const voice = ({ seed = 1, ...length }: Length & { seed?: number }): Int16Array =>
  buzz(samplesOf(length), length.rateHz ?? 16000, seed);

/** Every sample its own position, so that a lost, doubled or moved one shows; wraps around after 65,536. */
export const counting = (samples: number, from = 0): Int16Array =>
  Int16Array.from({ length: samples }, (_, i) => from + i);

export function concat(...parts: readonly Int16Array[]): Int16Array {
  const all = new Int16Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** Several mono signals of one length as the channels of one. */
export function interleave(...channels: readonly Int16Array[]): Int16Array {
  const all = new Int16Array((channels[0]?.length ?? 0) * channels.length);
  for (const [channel, pcm] of channels.entries())
    for (let i = 0; i < pcm.length; i++) all[i * channels.length + channel] = pcm[i]!;
  return all;
}

export interface FramesOptions {
  readonly rateHz?: number;
  readonly channels?: number;
  readonly frameMs?: number;
  readonly startSample?: number;
  readonly utterance?: string;
}

/** Interleaved samples as frames of whole milliseconds, the last one shorter. */
export function framesOf(pcm: Int16Array, options: FramesOptions = {}): AudioFrame[] {
  const { rateHz = 16000, channels = 1, frameMs = 20, startSample = 0, utterance } = options;
  const length = Math.round((rateHz * frameMs) / 1000) * channels;
  return Array.from({ length: Math.ceil(pcm.length / length) }, (_, i) => ({
    kind: "audio",
    pcm: pcm.slice(i * length, (i + 1) * length),
    sampleRateHz: rateHz,
    channels,
    startSample: startSample + (i * length) / channels,
    ...(utterance !== undefined && { utterance }),
  }));
}

/** Chunks of the given lengths in turn, over and over, until nothing is left. */
export function chunked(pcm: Int16Array, lengths: readonly number[]): Int16Array[] {
  const chunks: Int16Array[] = [];
  for (let at = 0, i = 0; at < pcm.length; i++) {
    const length = Math.max(1, lengths[i % lengths.length] ?? 1);
    chunks.push(pcm.slice(at, at + length));
    at += length;
  }
  return chunks;
}

export interface Fit {
  /** Power of the tone over the power of everything else. */
  readonly snrDb: number;
  /** Of the tone, in the signal's own units. */
  readonly peak: number;
  /** How much later than a sine that began with the first sample, in samples. */
  readonly lateSamples: number;
}

/** The sine of that frequency that fits a signal best, and how well (least squares). */
export function fitTone(pcm: Int16Array, hz: number, rateHz: number): Fit {
  const w = (2 * Math.PI * hz) / rateHz;
  let [ss, sc, cc, ys, yc] = [0, 0, 0, 0, 0];
  for (let i = 0; i < pcm.length; i++) {
    const [sin, cos] = [Math.sin(w * i), Math.cos(w * i)];
    ss += sin * sin;
    sc += sin * cos;
    cc += cos * cos;
    ys += pcm[i]! * sin;
    yc += pcm[i]! * cos;
  }
  const determinant = ss * cc - sc * sc;
  const [a, b] = [(ys * cc - yc * sc) / determinant, (yc * ss - ys * sc) / determinant];
  let [signal, rest] = [0, 0];
  for (let i = 0; i < pcm.length; i++) {
    const fitted = a * Math.sin(w * i) + b * Math.cos(w * i);
    signal += fitted * fitted;
    rest += (pcm[i]! - fitted) ** 2;
  }
  return { snrDb: 10 * Math.log10(signal / rest), peak: Math.hypot(a, b), lateSamples: -Math.atan2(b, a) / w };
}

/** So much silence at 16 kHz in frames of 20 ms: all that a service needs which hears what its workflow says, whatever is said. */
export const silentFrames = (ms: number): AudioFrame[] => framesOf(silence({ ms }));
