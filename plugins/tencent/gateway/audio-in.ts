import { decodeSamples, EngineError, loadOpus, type OpusDecoder, SampleDecoder, WavReader } from "#engine/plugin";

/** Turns the binary messages of a session into samples at one rate, mono. */
export interface AudioIn {
  /** @throws EngineError AUDIO_NOT_RECOGNISED, AUDIO_FORMAT_UNSUPPORTED */
  read(message: Uint8Array): Int16Array;
  close(): void;
}

/** `voice_format`: samples, Opus packets with heads of the vendor's own, WAV. Others have no decoder here. */
export async function audioIn(voiceFormat: number, sampleRateHz: number): Promise<AudioIn | undefined> {
  if (voiceFormat === 1) return samples();
  if (voiceFormat === 12) return wav(sampleRateHz);
  if (voiceFormat === 10) return opus((await loadOpus()).decoder({ sampleRateHz, channels: 1 }));
  return undefined;
}

function samples(): AudioIn {
  const decoder = new SampleDecoder("s16le", 1);
  return { read: (message) => decoder.push(message), close() {} };
}

function wav(sampleRateHz: number): AudioIn {
  const reader = new WavReader();
  return {
    read(message) {
      const pcm = reader.push(message);
      const { info } = reader;
      if (info && (info.sampleRateHz !== sampleRateHz || info.channels !== 1))
        throw new EngineError(
          "AUDIO_FORMAT_UNSUPPORTED",
          `WAV of ${info.sampleRateHz} Hz with ${info.channels} channels, wanted ${sampleRateHz} Hz mono`,
        );
      return pcm;
    },
    close() {},
  };
}

const HEAD = Buffer.from("opus");

function opus(decoder: OpusDecoder): AudioIn {
  return {
    read(message) {
      const decoded = opusPackets(message).map((packet) => decoder.decode(packet));
      const pcm = new Int16Array(decoded.reduce((sum, one) => sum + one.length, 0));
      let at = 0;
      for (const one of decoded) {
        pcm.set(one, at);
        at += one.length;
      }
      return pcm;
    },
    close: () => decoder.close(),
  };
}

/**
 * The packets of a message: `opus`, two bytes of length, packet, and so on. The order of the two bytes is not documented: both are taken
 * where only one of them fits, else the smaller end comes first.
 * @throws EngineError AUDIO_NOT_RECOGNISED
 */
export function opusPackets(message: Uint8Array): Uint8Array[] {
  const packets = cut(message, true) ?? cut(message, false);
  if (!packets) throw new EngineError("AUDIO_NOT_RECOGNISED", `${message.length} bytes are no packets of opus`);
  return packets;
}

function cut(message: Uint8Array, littleEndian: boolean): Uint8Array[] | undefined {
  const view = new DataView(message.buffer, message.byteOffset, message.byteLength);
  const packets: Uint8Array[] = [];
  for (let at = 0; at < message.length; ) {
    if (at + 6 > message.length || !HEAD.equals(message.subarray(at, at + 4))) return undefined;
    const length = view.getUint16(at + 4, littleEndian);
    at += 6 + length;
    if (length === 0 || at > message.length) return undefined;
    packets.push(message.subarray(at - length, at));
  }
  return packets;
}

/** A packet as a message carries it. */
export function opusFrame(packet: Uint8Array): Uint8Array {
  const frame = new Uint8Array(6 + packet.length);
  frame.set(HEAD);
  new DataView(frame.buffer).setUint16(4, packet.length, true);
  frame.set(packet, 6);
  return frame;
}

/** Raw samples of a recording, whole. */
export const rawSamples = (bytes: Uint8Array, channels: number): Int16Array =>
  decodeSamples(bytes.subarray(0, bytes.length - (bytes.length % (2 * channels))), "s16le");
