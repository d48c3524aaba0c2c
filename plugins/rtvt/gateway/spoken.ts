import {
  type AudioFrame,
  averageChannels,
  type Clock,
  OggOpusWriter,
  type OpusCodec,
  Resampler,
  samplesToMs,
} from "#engine/plugin";
import { FRAME_SAMPLES, RATE_HZ } from "../wire.ts";

/** The speech of one utterance is over when another begins, when nothing came for so long, or when it is as long as this. */
const PAUSE_MS = 300;
const MOST_SAMPLES = 60 * RATE_HZ;

/** What was said of one utterance, as a file. */
export interface SpokenFile {
  readonly utterance: string | undefined;
  /** Ogg with Opus: mono, 16,000 Hz. */
  readonly bytes: Uint8Array;
}

/** Gathers what a workflow speaks into a file for each utterance. */
export class SpokenFiles {
  #utterance: string | undefined;
  #parts: Int16Array[] = [];
  #samples = 0;
  #resampler: Resampler | undefined;
  #fromHz = 0;
  #callOff: (() => void) | undefined;

  constructor(
    readonly codec: OpusCodec,
    readonly clock: Clock,
    readonly give: (file: SpokenFile) => void,
  ) {}

  push(frame: AudioFrame): void {
    if (frame.utterance !== this.#utterance || frame.sampleRateHz !== this.#fromHz || this.#samples >= MOST_SAMPLES)
      this.#begin(frame);
    const mono = averageChannels(frame.pcm, frame.channels);
    this.#keep(this.#resampler?.push(mono) ?? mono);
    this.#callOff?.();
    this.#callOff = this.clock.after(PAUSE_MS, () => this.flush());
  }

  /** Gives what there is. */
  flush(): void {
    this.#callOff?.();
    this.#callOff = undefined;
    if (this.#resampler) this.#keep(this.#resampler.flush());
    this.#resampler = undefined;
    this.#fromHz = 0;
    const parts = this.#parts.splice(0);
    const samples = this.#samples;
    this.#samples = 0;
    if (samples > 0) this.give({ utterance: this.#utterance, bytes: this.#file(parts, samples) });
  }

  /** Lets go of what was not given. */
  close(): void {
    this.#callOff?.();
    this.#parts = [];
    this.#samples = 0;
  }

  #begin(frame: AudioFrame): void {
    this.flush();
    this.#utterance = frame.utterance;
    this.#fromHz = frame.sampleRateHz;
    this.#resampler = new Resampler({ fromHz: frame.sampleRateHz, toHz: RATE_HZ });
  }

  #keep(pcm: Int16Array): void {
    this.#parts.push(pcm);
    this.#samples += pcm.length;
  }

  #file(parts: readonly Int16Array[], samples: number): Uint8Array {
    const encoder = this.codec.encoder({ sampleRateHz: RATE_HZ, channels: 1 });
    const packets = Math.ceil((samples + encoder.lookaheadSamples) / FRAME_SAMPLES); // the coder's delay is pushed out
    const pcm = new Int16Array(packets * FRAME_SAMPLES);
    let at = 0;
    for (const part of parts) {
      pcm.set(part, at);
      at += part.length;
    }
    const at48k = (count: number) => samplesToMs(count, RATE_HZ) * 48;
    const preSkip = at48k(encoder.lookaheadSamples);
    const ogg = new OggOpusWriter({ channels: 1, sampleRateHz: RATE_HZ, preSkip, serial: 1 });
    const pages = [ogg.head()];
    for (let packet = 0; packet < packets; packet++) {
      const one = encoder.encode(pcm.slice(packet * FRAME_SAMPLES, (packet + 1) * FRAME_SAMPLES));
      const last = packet === packets - 1;
      const length = last ? samples + encoder.lookaheadSamples - packet * FRAME_SAMPLES : FRAME_SAMPLES;
      pages.push(ogg.packet(one, at48k(length), { last }));
    }
    encoder.close();
    return new Uint8Array(Buffer.concat(pages));
  }
}
