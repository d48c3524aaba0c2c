import { type AudioFormat, convertChannels, dbToFactor, joinPcm, msToSamples, Resampler } from "#engine/plugin";

/** A recording in memory, put together of stretches that it may share with others: an hour of repeats costs no more than one of them. */
export class Tape {
  readonly samples: number;

  /** @param stretches interleaved, of whole samples; not changed from here on. */
  constructor(
    readonly format: AudioFormat,
    readonly stretches: readonly Int16Array[],
  ) {
    this.samples = stretches.reduce((sum, pcm) => sum + pcm.length, 0) / format.channels;
  }

  get durationMs(): number {
    return (this.samples * 1000) / this.format.sampleRateHz;
  }

  /** Frames of one length, the last may be shorter. A frame that lies in one stretch is a view of it. */
  *frames(frameMs: number): Generator<Int16Array> {
    const { sampleRateHz, channels } = this.format;
    let stretch = 0;
    let at = 0;
    for (let from = 0, n = 1; from < this.samples; n++) {
      const to = Math.min(this.samples, Math.round((n * sampleRateHz * frameMs) / 1000));
      const length = (to - from) * channels;
      while (at === this.stretches[stretch]?.length) [stretch, at] = [stretch + 1, 0];
      const pcm = this.stretches[stretch]!;
      if (at + length <= pcm.length) {
        yield pcm.subarray(at, at + length);
        at += length;
      } else {
        const joined = new Int16Array(length);
        for (let filled = 0; filled < length; ) {
          while (at === this.stretches[stretch]!.length) [stretch, at] = [stretch + 1, 0];
          const part = this.stretches[stretch]!.subarray(at, at + length - filled);
          joined.set(part, filled);
          filled += part.length;
          at += part.length;
        }
        yield joined;
      }
      from = to;
    }
  }

  /** A part of it; what is asked for beyond its end is not there. */
  between(fromMs: number, toMs: number): Tape {
    const { sampleRateHz, channels } = this.format;
    if (fromMs <= 0 && toMs >= this.durationMs) return this;
    const from = msToSamples(fromMs, sampleRateHz) * channels;
    const to = Math.min(this.samples, msToSamples(Math.min(toMs, this.durationMs), sampleRateHz)) * channels;
    return new Tape(this.format, [joinPcm([...this.stretches]).subarray(from, Math.max(from, to))]);
  }

  /** The same at another rate and with another count of channels, stretch by stretch. */
  as(format: AudioFormat): Tape {
    const { sampleRateHz, channels } = this.format;
    if (sampleRateHz === format.sampleRateHz && channels === format.channels) return this;
    const done = new Map<Int16Array, Int16Array>();
    const converted = (pcm: Int16Array): Int16Array => {
      const known = done.get(pcm);
      if (known) return known;
      const mixed = channels === format.channels ? pcm : convertChannels(pcm, channels, format.channels);
      const result = resampled(mixed, sampleRateHz, format);
      done.set(pcm, result);
      return result;
    };
    return new Tape(format, this.stretches.map(converted));
  }
}

function resampled(pcm: Int16Array, fromHz: number, { sampleRateHz, channels }: AudioFormat): Int16Array {
  if (fromHz === sampleRateHz) return pcm;
  const resampler = new Resampler({ fromHz, toHz: sampleRateHz, channels });
  return joinPcm([resampler.push(pcm), resampler.flush()]);
}

const DEFAULT_LEVEL_DB = -20;

/** Mono. The peak of a sine is √2 of its mean level, that of uniform noise √3. */
export function tone(ms: number, hz: number, sampleRateHz: number, levelDb = DEFAULT_LEVEL_DB): Int16Array {
  const peak = 32_768 * dbToFactor(levelDb) * Math.SQRT2;
  const step = (2 * Math.PI * hz) / sampleRateHz;
  return Int16Array.from({ length: msToSamples(ms, sampleRateHz) }, (_, i) => Math.round(peak * Math.sin(step * i)));
}

/** Mono, white, and the same every time. */
export function noise(ms: number, sampleRateHz: number, levelDb = DEFAULT_LEVEL_DB): Int16Array {
  const peak = 32_768 * dbToFactor(levelDb) * Math.sqrt(3);
  let seed = 1;
  return Int16Array.from({ length: msToSamples(ms, sampleRateHz) }, () => {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.round(peak * ((2 * seed) / 2 ** 32 - 1));
  });
}
