import { convertChannels } from "#engine/audio";
import type { AudioFormat, AudioFrame } from "#engine/frames";
import type { AudioEncoder, MakeEncoder } from "#engine/plugin";
import type { OutputCoder, Piece } from "./output-coder.ts";

/**
 * The audio of one output as a file that grows: its pieces, put one behind the other, are one MP3 or Ogg. What is around a gap is joined; another
 * format begins another file behind the first. More than two channels become one.
 */
export class EncodedStream implements OutputCoder {
  #open: { readonly format: AudioFormat; readonly encoder: AudioEncoder } | undefined;
  /** Where the audio that came last begins. */
  #at = 0;

  constructor(private readonly make: MakeEncoder) {}

  push({ pcm, sampleRateHz, channels, startSample }: AudioFrame, give: (piece: Piece) => void): void {
    const wanted = { sampleRateHz, channels: channels === 2 ? 2 : 1 };
    const { format } = this.#open ?? {};
    if (format && (format.sampleRateHz !== sampleRateHz || format.channels !== wanted.channels)) this.flush(give);
    this.#open ??= { format: wanted, encoder: this.make(wanted) };
    this.#at = startSample;
    this.#give(this.#open.encoder.encode(convertChannels(pcm, channels, wanted.channels)), give);
  }

  flush(give: (piece: Piece) => void): void {
    if (!this.#open) return;
    this.#give(this.#open.encoder.end(), give);
    this.close();
  }

  close(): void {
    this.#open?.encoder.close();
    this.#open = undefined;
  }

  #give(bytes: Uint8Array, give: (piece: Piece) => void): void {
    if (this.#open && bytes.length > 0) give({ ...this.#open.format, startSample: this.#at, bytes });
  }
}
