import { convertChannels, Framer, Resampler } from "#engine/audio";
import { type AudioFormat, type AudioFrame, endSample, rescaleSamples } from "#engine/frames";
import { fittingRate, OPUS_PACKET_MS, OPUS_RATES_HZ, type OpusCodec, type OpusEncoder } from "#engine/plugin";
import type { OutputCoder, Piece } from "./output-coder.ts";

/** One stretch without a gap. */
interface Stretch {
  readonly incoming: AudioFormat;
  readonly outgoing: AudioFormat;
  readonly encoder: OpusEncoder;
  readonly resampler: Resampler;
  readonly framer: Framer;
  /** Where the audio that came ends, at its own rate. */
  end: number;
  /** Where the next packet begins, at the packets' rate. */
  at: number;
}

/**
 * The audio of one output as Opus packets of 20 ms. A rate that Opus has not is converted to the next higher one, and positions with it; more than
 * two channels become one. Owns native memory: `close()` it.
 */
export class OpusPackets implements OutputCoder {
  #stretch: Stretch | undefined;

  constructor(private readonly codec: OpusCodec) {}

  push(frame: AudioFrame, give: (piece: Piece) => void): void {
    const stretch = this.#stretchOf(frame, give);
    stretch.end = endSample(frame);
    this.#encode(
      stretch,
      stretch.resampler.push(convertChannels(frame.pcm, frame.channels, stretch.outgoing.channels)),
      give,
    );
  }

  /** Gives out what waits for the rest of its packet, with silence behind it. What comes later begins anew. */
  flush(give: (piece: Piece) => void): void {
    const stretch = this.#stretch;
    if (!stretch) return;
    this.#encode(stretch, stretch.resampler.flush(), give);
    const { framer, outgoing } = stretch;
    if (framer.held > 0)
      this.#encode(stretch, new Int16Array((framer.nextLength - framer.held) * outgoing.channels), give);
    this.close();
  }

  close(): void {
    this.#stretch?.encoder.close();
    this.#stretch = undefined;
  }

  #stretchOf(frame: AudioFrame, give: (piece: Piece) => void): Stretch {
    const open = this.#stretch;
    const { sampleRateHz, channels } = frame;
    const same = open?.incoming.sampleRateHz === sampleRateHz && open.incoming.channels === channels;
    if (open && same && open.end === frame.startSample) return open;
    this.flush(give);
    this.#stretch = this.#begin(frame);
    return this.#stretch;
  }

  #begin({ sampleRateHz, channels, startSample }: AudioFrame): Stretch {
    const outgoing = { sampleRateHz: fittingRate(sampleRateHz, OPUS_RATES_HZ), channels: channels === 2 ? 2 : 1 };
    return {
      incoming: { sampleRateHz, channels },
      outgoing,
      encoder: this.codec.encoder(outgoing),
      resampler: new Resampler({
        fromHz: sampleRateHz,
        toHz: outgoing.sampleRateHz,
        channels: outgoing.channels,
        startSample,
      }),
      framer: new Framer({ ...outgoing, frameMs: OPUS_PACKET_MS }),
      end: startSample,
      at: rescaleSamples(startSample, sampleRateHz, outgoing.sampleRateHz),
    };
  }

  #encode(stretch: Stretch, pcm: Int16Array, give: (piece: Piece) => void): void {
    stretch.framer.push(pcm, (packet) => {
      const startSample = stretch.at;
      stretch.at += packet.length / stretch.outgoing.channels;
      give({ ...stretch.outgoing, startSample, bytes: stretch.encoder.encode(packet) });
    });
  }
}
