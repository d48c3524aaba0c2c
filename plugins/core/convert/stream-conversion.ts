import {
  type AudioFormat,
  type AudioFrame,
  convertChannels,
  type Emit,
  EngineError,
  endSample,
  Resampler,
  requireChannelRule,
  requireUsableFormat,
  rescaleSamples,
  type SpeechMark,
  takeChannel,
} from "#engine/plugin";
import type { Arithmetic } from "./arithmetic.ts";
import { PlacedOutput } from "./placed-output.ts";

export interface ConversionSettings {
  readonly sampleRateHz?: number | undefined;
  readonly channels?: number | undefined;
  readonly channel?: number | undefined;
  readonly frameMs?: number | undefined;
}

/**
 * Converts one stream whose format its first frame tells. Every stretch without a gap, from position a to b, comes out from
 * `rescaleSamples(a)` to `rescaleSamples(b)`.
 */
export class StreamConversion {
  readonly #incoming: AudioFormat;
  readonly #outgoing: AudioFormat;
  readonly #channel: number | undefined;
  /** Between taking one channel and copying it: the fewest, so that the filter has the least to do. */
  readonly #filterChannels: number;
  readonly #untouched: boolean;
  readonly #output: PlacedOutput;
  readonly #arithmetic: () => Arithmetic;
  #resampler: Resampler | undefined;
  /** Where the incoming stretch goes on. */
  #next: number | undefined;

  /**
   * @param arithmetic asked for once it is needed.
   * @throws EngineError AUDIO_FORMAT_UNSUPPORTED where there is no way from the incoming format to the wanted one.
   */
  constructor(settings: ConversionSettings, { sampleRateHz, channels }: AudioFormat, arithmetic: () => Arithmetic) {
    this.#arithmetic = arithmetic;
    this.#incoming = { sampleRateHz, channels };
    requireUsableFormat(this.#incoming, "core.convert input");
    this.#channel = settings.channel;
    const taken = settings.channel === undefined ? channels : 1;
    this.#outgoing = { sampleRateHz: settings.sampleRateHz ?? sampleRateHz, channels: settings.channels ?? taken };
    requireChannelRule(taken, this.#outgoing.channels);
    this.#filterChannels = Math.min(taken, this.#outgoing.channels);
    this.#untouched =
      this.#outgoing.sampleRateHz === sampleRateHz && this.#outgoing.channels === channels && taken === channels;
    this.#output = new PlacedOutput(this.#outgoing, settings.frameMs);
  }

  audio(frame: AudioFrame, emit: Emit): void {
    const { sampleRateHz, channels } = this.#incoming;
    if (frame.sampleRateHz !== sampleRateHz || frame.channels !== channels)
      throw new EngineError(
        "AUDIO_FORMAT_UNSUPPORTED",
        `core.convert input: ${formatText(frame)} at sample ${frame.startSample}, after ${formatText(this.#incoming)}; wanted one format`,
      );
    if (frame.startSample !== this.#next) this.#begin(frame.startSample, emit);
    this.#output.label(this.#rescaled(frame.startSample, sampleRateHz), frame, emit);
    this.#next = endSample(frame);
    if (this.#untouched && this.#output.pass(frame, emit)) return;
    this.#output.push(this.#converted(frame), emit);
  }

  mark(mark: SpeechMark, emit: Emit): void {
    const { sampleRateHz } = this.#outgoing;
    const atSample = this.#rescaled(mark.atSample, mark.sampleRateHz);
    this.#output.mark(mark.sampleRateHz === sampleRateHz ? mark : { ...mark, atSample, sampleRateHz }, emit);
    // After a closing mark nothing may come for long, and a recogniser waits for it: it must not wait for the filter's last samples.
    if (mark.mark === "end") this.#flushResampler(emit);
  }

  /** Gives out what is inside; what goes on later is still filtered together with it. */
  flush(emit: Emit): void {
    this.#flushResampler(emit);
    this.#output.cut(emit);
  }

  /** Gives out everything, marks that lie ahead of the audio included. */
  finish(emit: Emit): void {
    this.#flushResampler(emit);
    this.#output.finish(emit);
  }

  /** Samples per channel, at the incoming rate and to the nearest, that came in and did not go out yet. */
  held(): number {
    if (this.#next === undefined) return 0;
    const missing = this.#rescaled(this.#next, this.#incoming.sampleRateHz) - this.#output.emittedEnd;
    return rescaleSamples(missing, this.#outgoing.sampleRateHz, this.#incoming.sampleRateHz);
  }

  #begin(startSample: number, emit: Emit): void {
    if (this.#next !== undefined) this.finish(emit);
    const { sampleRateHz } = this.#outgoing;
    if (sampleRateHz !== this.#incoming.sampleRateHz)
      this.#resampler = new Resampler({
        fromHz: this.#incoming.sampleRateHz,
        toHz: sampleRateHz,
        channels: this.#filterChannels,
        startSample,
        kernel: this.#arithmetic().kernel,
      });
    this.#output.begin(this.#rescaled(startSample, this.#incoming.sampleRateHz));
  }

  #converted(frame: AudioFrame): Int16Array {
    const mixed =
      this.#channel === undefined
        ? convertChannels(frame.pcm, frame.channels, this.#filterChannels)
        : takeChannel(frame.pcm, frame.channels, this.#channel);
    const resampled = this.#resampler ? this.#resampler.push(mixed) : mixed;
    return convertChannels(resampled, this.#filterChannels, this.#outgoing.channels);
  }

  #flushResampler(emit: Emit): void {
    if (!this.#resampler) return;
    this.#output.push(convertChannels(this.#resampler.flush(), this.#filterChannels, this.#outgoing.channels), emit);
  }

  #rescaled(samples: number, rateHz: number): number {
    return rescaleSamples(samples, rateHz, this.#outgoing.sampleRateHz);
  }
}

const formatText = ({ sampleRateHz, channels }: AudioFormat): string =>
  `${sampleRateHz} Hz with ${channels} channel${channels === 1 ? "" : "s"}`;
