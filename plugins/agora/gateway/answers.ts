import { type AudioFrame, type Clock, convertChannels, Resampler } from "#engine/plugin";
import { AudioConsumer, UNDERFLOW } from "../audio-consumer.ts";
import type { Channel } from "../rtc/channel.ts";
import { RATE_HZ } from "../rtc/config.ts";

/** What the runs of a channel answer, spoken into it one after the other at its pace. */
export class Answers {
  readonly #consumer: AudioConsumer;
  #resampler: Resampler | undefined;
  #fromHz = RATE_HZ;

  constructor(
    private readonly channel: Channel,
    clock: Clock,
    leadFrames: 10 | 18,
  ) {
    this.#consumer = new AudioConsumer({
      sampleRateHz: RATE_HZ,
      channels: 1,
      leadFrames,
      clock,
      send: (pcm) => channel.send(pcm, 1, RATE_HZ),
    });
  }

  push({ pcm, channels, sampleRateHz }: AudioFrame): void {
    const mono = convertChannels(pcm, channels, 1);
    if (sampleRateHz !== this.#fromHz)
      this.#resampler = sampleRateHz === RATE_HZ ? undefined : new Resampler({ fromHz: sampleRateHz, toHz: RATE_HZ });
    this.#fromHz = sampleRateHz;
    this.#consumer.push(this.#resampler ? this.#resampler.push(mono) : mono);
  }

  /** Sends what is due. Where too little is there to begin with, it is all there is: nothing may stay behind. */
  consume(): void {
    if (this.#consumer.consume() === UNDERFLOW && this.#consumer.length > 0) this.#consumer.flush();
  }

  /** Falls silent at once: first what waits here, then what waits there. */
  clear(): void {
    this.#consumer.clear();
    this.channel.clear();
  }

  close(): void {
    this.#consumer.release();
  }
}
