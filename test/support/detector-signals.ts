/** Signals for detectors, made from seeds: the same in every run. All mono, signed 16-bit. */

/** Numbers from 0 to below 1 (mulberry32). */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

export const silence = (samples: number): Int16Array => new Int16Array(samples);

/** Evenly distributed between plus and minus the peak. */
export function whiteNoise(samples: number, peak: number, seed: number): Int16Array {
  const random = randomFrom(seed);
  return Int16Array.from({ length: samples }, () => (random() * 2 - 1) * peak);
}

/**
 * Noise whose power falls by 3 dB an octave, by Paul Kellet's three-pole filter.
 * @see https://www.firstpr.com.au/dsp/pink-noise/
 */
export function pinkNoise(samples: number, peak: number, seed: number): Int16Array {
  const random = randomFrom(seed);
  const [a, b, c] = [new Float64Array(1), new Float64Array(1), new Float64Array(1)];
  return Int16Array.from({ length: samples }, () => {
    const white = random() * 2 - 1;
    a[0] = 0.99765 * a[0]! + white * 0.099046;
    b[0] = 0.963 * b[0]! + white * 0.2965164;
    c[0] = 0.57 * c[0]! + white * 1.0526913;
    return ((a[0] + b[0] + c[0] + white * 0.1848) / 4) * peak;
  });
}

/**
 * A buzz with formants that comes in syllables, words and pauses over a quiet floor: what a detector takes for a voice.
 * @param pauseMs between words of four syllables.
 */
export function voice(samples: number, sampleRateHz: number, seed: number, pauseMs = 400): Int16Array {
  const random = randomFrom(seed);
  const pcm = new Int16Array(samples);
  const syllable = Math.round(sampleRateHz * 0.18);
  const word = 4 * syllable + Math.round((sampleRateHz * pauseMs) / 1000);
  for (let i = 0; i < samples; i++) {
    const inWord = i % word;
    const seconds = i / sampleRateHz;
    let value = (random() * 2 - 1) * 30;
    if (inWord < 4 * syllable) {
      const loudness = Math.sin((Math.PI * (inWord % syllable)) / syllable);
      const pitchHz = 110 + 30 * Math.sin(seconds * 2.1 + seed);
      for (const [harmonic, level] of HARMONICS)
        value += Math.sin(2 * Math.PI * pitchHz * harmonic * seconds) * level * loudness * 2500;
    }
    pcm[i] = Math.max(-32768, Math.min(32767, value));
  }
  return pcm;
}

/** Loud around 500, 1500 and 2500 Hz for a pitch of 110 Hz. */
const HARMONICS: readonly (readonly [number, number])[] = [
  [1, 0.8],
  [2, 0.6],
  [4, 1],
  [5, 0.9],
  [9, 0.3],
  [13, 0.5],
  [14, 0.4],
  [22, 0.25],
  [23, 0.2],
];

/** What no microphone gives: full-scale squares of every period, random full-scale steps, constants, single pulses, silence. */
export function extremes(samples: number, seed: number): Int16Array {
  const random = randomFrom(seed);
  const pcm = new Int16Array(samples);
  const stretch = 4000;
  for (let from = 0; from < samples; from += stretch) {
    const kind = Math.floor(random() * 6);
    const period = 2 + Math.floor(random() * 200);
    for (let i = from; i < Math.min(from + stretch, samples); i++)
      pcm[i] =
        kind === 0
          ? i % period < period / 2
            ? 32767
            : -32768
          : kind === 1
            ? random() < 0.5
              ? -32768
              : 32767
            : kind === 2
              ? -32768
              : kind === 3
                ? i % period === 0
                  ? -32768
                  : 0
                : kind === 4
                  ? random() * 65536 - 32768
                  : 0;
  }
  return pcm;
}

/** A mixture that changes its kind about once a second, for whatever must hold on any signal. */
export function anything(samples: number, sampleRateHz: number, seed: number): Int16Array {
  const random = randomFrom(seed * 7919 + 1);
  const pcm = new Int16Array(samples);
  for (let from = 0; from < samples; ) {
    const length = Math.min(samples - from, Math.round(sampleRateHz * (0.5 + random() * 1.5)));
    const part = Math.floor(random() * 2 ** 31);
    const peak = 10 ** (1 + random() * 3.5);
    const makers = [
      () => voice(length, sampleRateHz, part),
      () => voice(length, sampleRateHz, part, 50),
      () => whiteNoise(length, peak, part),
      () => pinkNoise(length, peak, part),
      () => extremes(length, part),
      () => silence(length),
    ];
    pcm.set(makers[Math.floor(random() * makers.length)]!(), from);
    from += length;
  }
  return pcm;
}
