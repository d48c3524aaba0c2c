import {
  type AudioFrame,
  type Frame,
  isOgg,
  isOpusHead,
  loadOpus,
  type NodeContext,
  OggReader,
  type OpusCodec,
} from "#engine/plugin";
import { RATE_HZ } from "../wire.ts";

/** Turns the service's speech into frames. */
export interface SpeechReader {
  /** @param utterance that it was made from, where that is known. */
  read(file: Uint8Array, utterance: string | undefined): Frame[];
}

/** A file as it is, for what cannot be decoded here. */
const recording = (file: Uint8Array): Frame => ({
  kind: "recording",
  source: { bytes: file },
  container: isOgg(file) ? "ogg" : "mp3",
  channels: 1,
});

/**
 * The vendor's pages say Ogg in one place and MP3 in another. Ogg with Opus in it becomes audio, each piece after the one before; anything
 * else is handed on as a recording.
 */
class OpusSpeechReader implements SpeechReader {
  #position = 0;

  constructor(readonly codec: OpusCodec) {}

  read(file: Uint8Array, utterance: string | undefined): Frame[] {
    const packets = isOgg(file) ? new OggReader().push(file) : [];
    const [head] = packets;
    if (!head || !isOpusHead(head)) return [recording(file)];
    const skip = new DataView(head.buffer, head.byteOffset).getUint16(10, true);
    return this.#decode(
      packets.filter((packet) => !isOpusHead(packet)),
      (skip * RATE_HZ) / 48_000,
      utterance,
    );
  }

  /** @param skip samples at the beginning that are the coder's and no sound. */
  #decode(packets: readonly Uint8Array[], skip: number, utterance: string | undefined): AudioFrame[] {
    const decoder = this.codec.decoder({ sampleRateHz: RATE_HZ, channels: 1 });
    const frames: AudioFrame[] = [];
    let left = Math.round(skip);
    try {
      for (const packet of packets) {
        const pcm = decoder.decode(packet);
        const sound = pcm.subarray(Math.min(left, pcm.length));
        left -= pcm.length - sound.length;
        if (sound.length > 0) frames.push(this.#frame(sound, utterance));
      }
    } finally {
      decoder.close();
    }
    return frames;
  }

  #frame(pcm: Int16Array, utterance: string | undefined): AudioFrame {
    const startSample = this.#position;
    this.#position += pcm.length;
    return {
      kind: "audio",
      pcm,
      sampleRateHz: RATE_HZ,
      channels: 1,
      startSample,
      ...(utterance !== undefined && { utterance }),
    };
  }
}

/** Loaded only where speech was asked for. */
export const speechReader = async (ctx: NodeContext): Promise<SpeechReader> =>
  new OpusSpeechReader(await ctx.outside(loadOpus));
