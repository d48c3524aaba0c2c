import { type AwaitableEmit, msToSamples, type NodeContext, rescaleSamples } from "#engine/plugin";
import type { HeardTrack } from "./heard.ts";

/** The length of its frames. */
const FRAME_MS = 20;

/** Tells on an output, as time passes, what a loudspeaker was heard playing: audio without gaps, silence among it. */
export class HeardOutput {
  /** Up to here it was told, at the rate of the track. */
  #told = 0;
  #rateHz: number | undefined;

  /** @param track what is heard now; undefined before its format is known. */
  constructor(
    private readonly ctx: Pick<NodeContext, "clock" | "count">,
    private readonly track: () => HeardTrack | undefined,
    private readonly emit: AwaitableEmit,
  ) {}

  /** Until the signal aborts, with which it rejects. */
  async run(signal: AbortSignal): Promise<never> {
    for (;;) {
      await this.ctx.clock.sleep(FRAME_MS, signal);
      await this.#tell();
    }
  }

  /** What is left, to the last sample that was handed to the device: it was heard to its end, or cut off. */
  async finish(): Promise<void> {
    const track = this.track();
    if (!track) return;
    const end = Math.max(track.end, track.knownTo);
    await this.#tellUntil(track, end);
    if (this.#told < end) await this.#give(track, end - this.#told);
  }

  async #tell(): Promise<void> {
    const track = this.track();
    if (track) await this.#tellUntil(track, track.knownTo);
  }

  /** In frames of one length. */
  async #tellUntil(track: HeardTrack, end: number): Promise<void> {
    const { sampleRateHz } = track.format;
    this.#told = rescaleSamples(this.#told, this.#rateHz ?? sampleRateHz, sampleRateHz);
    this.#rateHz = sampleRateHz;
    if (this.#told < track.keptFrom) {
      this.ctx.count("untoldSamples", track.keptFrom - this.#told); // nobody took them for so long
      this.#told = track.keptFrom;
    }
    const samples = msToSamples(FRAME_MS, sampleRateHz);
    while (this.#told + samples <= end) await this.#give(track, samples);
  }

  async #give(track: HeardTrack, samples: number): Promise<void> {
    const pcm = track.read(this.#told, samples);
    const startSample = this.#told;
    this.#told += samples;
    await this.emit({ kind: "audio", pcm, ...track.format, startSample }, "played");
  }
}
