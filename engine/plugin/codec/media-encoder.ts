import { Framer } from "../../audio/index.ts";
import type { AudioFormat } from "../../frames/index.ts";
import { imported } from "./decoding.ts";
import type { AudioEncoder, EncodedContainer, EncoderModule, EncoderOptions } from "./encoding.ts";

/** What both codecs take as it is: the rates of MPEG-1, 2 and 2.5. */
const RATES_HZ = [8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000] as const;

/** kbit/s that MPEG-2 has at every of its rates; MPEG-1 begins higher and takes its nearest. */
const MP3_KBITS = [8, 16, 24, 32, 40, 48, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320] as const;
/** Speech of one channel is not told from more at these. */
const MP3_DEFAULT_BITRATE = 64_000;
const VORBIS_QUALITY = 3;
const PIECE_MS = 20;

interface Library {
  encode(samples: readonly Float32Array[]): Uint8Array;
  finalize(): Uint8Array;
}

/** MP3 by LAME, Ogg Vorbis by libvorbis. */
export const mediaEncoder: EncoderModule = {
  ratesHz: RATES_HZ,
  async prepare(container) {
    const configure = await library(container);
    return (format, options) => encoder(configure(format, options), format);
  },
};

type Configure = (format: AudioFormat, options: EncoderOptions) => Library;

async function library(container: EncodedContainer): Promise<Configure> {
  const name = "wasm-media-encoders";
  const { createMp3Encoder, createOggEncoder } = await imported(name, () => import("wasm-media-encoders"));
  if (container === "mp3") {
    const mp3 = await createMp3Encoder();
    return (format, { bitrate = MP3_DEFAULT_BITRATE * format.channels }) => {
      mp3.configure({ ...base(format), bitrate: nearestKbits(bitrate) });
      return mp3;
    };
  }
  const ogg = await createOggEncoder();
  return (format, { serial = 1 }) => {
    ogg.configure({ ...base(format), vbrQuality: VORBIS_QUALITY, oggSerialNo: serial });
    return ogg;
  };
}

const base = ({ sampleRateHz: sampleRate, channels }: AudioFormat) =>
  ({ sampleRate, channels: channels === 1 ? 1 : 2 }) as const;

function encoder(library: Library, format: AudioFormat): AudioEncoder {
  const scratch = Array.from({ length: format.channels }, () => new Float32Array(0));
  // libvorbis ends its pages where calls end: pieces of one length make the same file of whatever came
  const framer = new Framer({ ...format, frameMs: PIECE_MS });
  // what the library returns is a view of its own memory, overwritten by the next call
  const taken = (pcm: Int16Array) => library.encode(planes(pcm, scratch)).slice();
  return {
    encode(pcm) {
      const parts: Uint8Array[] = [];
      framer.push(pcm, (frame) => parts.push(taken(frame)));
      return parts.length === 1 ? parts[0]! : Buffer.concat(parts);
    },
    end() {
      const rest = framer.rest();
      return Buffer.concat([...(rest.length > 0 ? [taken(rest)] : []), library.finalize()]);
    },
    close: () => undefined, // its memory is that of its own WebAssembly instance
  };
}

const nearestKbits = (bitrate: number) =>
  MP3_KBITS.reduce((best, kbits) =>
    Math.abs(kbits * 1000 - bitrate) < Math.abs(best * 1000 - bitrate) ? kbits : best,
  );

/** By channel, from -1 to 1. The arrays grow as needed and are used again. */
function planes(pcm: Int16Array, scratch: Float32Array[]): Float32Array[] {
  const channels = scratch.length;
  const samples = pcm.length / channels;
  return scratch.map((old, channel) => {
    const plane = old.length >= samples ? old : new Float32Array(samples);
    scratch[channel] = plane;
    for (let i = 0, at = channel; i < samples; i++, at += channels) plane[i] = pcm[at]! / 32768;
    return plane.subarray(0, samples);
  });
}
