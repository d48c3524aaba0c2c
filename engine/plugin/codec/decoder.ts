import type { Container } from "../../audio/index.ts";
import type { AudioDecoder } from "./decoding.ts";

/** Containers that are decoded without a program of the machine. */
const OWN = ["mp3", "flac", "vorbis", "opus", "silk"] as const;
export type DecodedContainer = (typeof OWN)[number];

export const isDecoded = (container: Container | undefined): container is DecodedContainer =>
  OWN.some((own) => own === container);

/**
 * Opens a decoder; its library is loaded at the first use of each.
 * @throws EngineError ENGINE_MISSING where a library is not installed.
 */
export async function openDecoder(container: DecodedContainer): Promise<AudioDecoder> {
  switch (container) {
    case "mp3":
      return (await import("./mp3-decoder.ts")).openMp3Decoder();
    case "flac":
      return (await import("./flac-decoder.ts")).openFlacDecoder();
    case "vorbis":
      return (await import("./vorbis-decoder.ts")).openVorbisDecoder();
    case "opus":
      return (await import("./ogg-opus-decoder.ts")).openOggOpusDecoder();
    case "silk":
      return (await import("./silk-decoder.ts")).openSilkDecoder();
  }
}
