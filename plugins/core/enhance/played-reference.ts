import { convertChannels, msToSamples, Resampler, rescaleSamples, saturate } from "#engine/plugin";
import type { HeardTrack } from "../devices/heard.ts";
import type { RunDevices } from "../devices/run-devices.ts";
import { Reference } from "./reference.ts";

/** A filter has to be given so much more than it is asked for. */
const FILTER_MS = 10;

/** What the loudspeakers of a run were heard playing, mixed into one channel at one rate, by position on the time line of the run's devices. */
export class PlayedReference {
  readonly #followed = new Map<HeardTrack, Followed>();

  /** @param keepSamples for how long it is kept. */
  constructor(
    private readonly devices: Pick<RunDevices, "listen">,
    private readonly rateHz: number,
    private readonly keepSamples: number,
  ) {
    devices.listen();
  }

  read(from: number, samples: number): Int16Array {
    const out = new Int16Array(samples);
    for (const track of this.devices.listen()) {
      const played = this.#follow(track).read(from, samples);
      for (let i = 0; i < samples; i++) out[i] = saturate(out[i]! + played[i]!);
    }
    return out;
  }

  #follow(track: HeardTrack): Followed {
    const known = this.#followed.get(track) ?? new Followed(track, this.rateHz, this.keepSamples);
    this.#followed.set(track, known);
    return known;
  }
}

/** One loudspeaker, converted as it goes on. */
class Followed {
  readonly #reference: Reference;
  readonly #filterSamples: number;
  #resampler: Resampler | undefined;
  /** Up to here, at the track's own rate, it was taken. */
  #taken: number | undefined;

  constructor(
    private readonly track: HeardTrack,
    private readonly rateHz: number,
    keepSamples: number,
  ) {
    this.#reference = new Reference(keepSamples);
    this.#filterSamples = msToSamples(FILTER_MS, track.format.sampleRateHz);
  }

  read(from: number, samples: number): Int16Array {
    const { sampleRateHz } = this.track.format;
    this.#takeUntil(rescaleSamples(from + samples, this.rateHz, sampleRateHz) + this.#filterSamples);
    return this.#reference.read(from, samples);
  }

  #takeUntil(end: number): void {
    const { sampleRateHz, channels } = this.track.format;
    const from = Math.max(this.#taken ?? 0, this.track.keptFrom);
    if (end <= from) return;
    if (from !== this.#taken || !this.#resampler)
      this.#resampler = new Resampler({ fromHz: sampleRateHz, toHz: this.rateHz, startSample: from });
    const pcm = convertChannels(this.track.read(from, end - from), channels, 1);
    const at = this.#resampler.position;
    this.#reference.push(this.#resampler.push(pcm), at);
    this.#taken = end;
  }
}
