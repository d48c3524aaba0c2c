import type { AudioFormat } from "../../frames/index.ts";

/** Containers that are written without a program of the machine; `vorbis` and `opus` are those codecs in Ogg. */
export const ENCODED_CONTAINERS = ["mp3", "vorbis", "opus"] as const;
export type EncodedContainer = (typeof ENCODED_CONTAINERS)[number];

export const MEDIA_TYPES: Readonly<Record<EncodedContainer, string>> = {
  mp3: "audio/mpeg",
  vorbis: "audio/ogg;codecs=vorbis",
  opus: "audio/ogg;codecs=opus",
};

export interface EncoderOptions {
  /** Bits a second. MP3 takes the nearest of its own table; Vorbis has a quality instead and does not look at it. */
  readonly bitrate?: number;
  /** Tells Ogg streams of one file apart; the same number makes the same file. Default 1. */
  readonly serial?: number;
}

/** Makes one file of samples, piece by piece. Owns native memory: `close()` it. */
export interface AudioEncoder {
  /** @param pcm interleaved, of any length; not kept. @returns bytes of the caller's own, perhaps none. */
  encode(pcm: Int16Array): Uint8Array;
  /** What the file ends with. */
  end(): Uint8Array;
  close(): void;
}

/** Makes one encoder, at once. @throws EngineError AUDIO_FORMAT_UNSUPPORTED for more than two channels. */
export type MakeEncoder = (format: AudioFormat, options?: EncoderOptions) => AudioEncoder;

/** What a module of one library exports. */
export interface EncoderModule {
  /** Ascending; what comes at another rate is converted. */
  readonly ratesHz: readonly number[];
  /** @returns a function that is called once, with a rate out of the list and one or two channels. */
  prepare(container: EncodedContainer): Promise<(format: AudioFormat, options: EncoderOptions) => AudioEncoder>;
}
