import {
  type AudioFrame,
  EngineError,
  encodeS16le,
  type Frame,
  loadOpus,
  type NodeContext,
  type OpusEncoder,
  opusPacketSamples,
} from "#engine/plugin";
import { FRAME_SAMPLES, RATE_HZ } from "../wire.ts";

/** Turns frames of one stream into what `voiceData` carries. */
export interface AudioWriter {
  /**
   * @returns undefined for what is no sound.
   * @throws EngineError CODEC_UNSUPPORTED, AUDIO_FORMAT_UNSUPPORTED for packets that the stream was not asked to carry.
   */
  write(frame: Frame): Uint8Array | undefined;
  close(): void;
}

/** The service takes whole frames: the last of a stretch is filled up with silence, and that is counted. */
function wholeFrame({ pcm }: AudioFrame, ctx: NodeContext): Int16Array {
  if (pcm.length === FRAME_SAMPLES) return pcm;
  ctx.count("paddedSamples", FRAME_SAMPLES - pcm.length);
  const whole = new Int16Array(FRAME_SAMPLES);
  whole.set(pcm);
  return whole;
}

const pcmWriter = (ctx: NodeContext): AudioWriter => ({
  write(frame) {
    if (frame.kind === "audio") return encodeS16le(wholeFrame(frame, ctx));
    if (frame.kind === "encoded") throw new EngineError("CODEC_UNSUPPORTED", `packets of ${frame.codec}; codec is pcm`);
    return undefined;
  },
  close() {},
});

/** Packets of 20 ms; those that come in pass as they are. */
class OpusWriter implements AudioWriter {
  constructor(
    readonly encoder: OpusEncoder,
    readonly ctx: NodeContext,
  ) {}

  write(frame: Frame): Uint8Array | undefined {
    if (frame.kind === "audio") return this.encoder.encode(wholeFrame(frame, this.ctx));
    if (frame.kind !== "encoded") return undefined;
    if (frame.codec !== "opus") throw new EngineError("CODEC_UNSUPPORTED", `packets of ${frame.codec}; codec is opus`);
    const samples = opusPacketSamples(frame.packet, RATE_HZ);
    if (samples === FRAME_SAMPLES) return frame.packet;
    throw new EngineError(
      "AUDIO_FORMAT_UNSUPPORTED",
      `an Opus packet of ${(samples * 1000) / RATE_HZ} ms; wanted 20 ms`,
    );
  }

  close(): void {
    this.encoder.close();
  }
}

/** Makes the writer of each stream; a codec is loaded before the first. */
export async function audioWriters(codec: "pcm" | "opus", ctx: NodeContext): Promise<() => AudioWriter> {
  if (codec === "pcm") return () => pcmWriter(ctx);
  const opus = await ctx.outside(loadOpus);
  return () => new OpusWriter(opus.encoder({ sampleRateHz: RATE_HZ, channels: 1 }), ctx);
}
