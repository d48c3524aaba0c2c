import { EngineError } from "../../errors/index.ts";
import type { AudioFormat } from "../../frames/index.ts";
import { coderOpened } from "./open-coders.ts";

/** The rates that Opus codes at; its own positions always count at 48,000 Hz. */
export const OPUS_RATES_HZ = [8000, 12000, 16000, 24000, 48000] as const;

/** The packets of speech: 20 ms, the length that every service takes. */
export const OPUS_PACKET_MS = 20;

/** Codes single Opus packets, without a container. Made by `loadOpus`. */
export interface OpusCodec {
  /** @throws EngineError AUDIO_FORMAT_UNSUPPORTED for a rate that Opus has not, or more than two channels. */
  encoder(format: AudioFormat, options?: OpusEncoderOptions): OpusEncoder;
  /** @throws as `encoder`. The format is that of the samples that come out: packets of any rate decode to it. */
  decoder(format: AudioFormat): OpusDecoder;
}

export interface OpusEncoderOptions {
  /** Bits a second, from 6000 to 510,000. Default: what the library finds fit for rate and channels. */
  readonly bitrate?: number;
}

/** Owns native memory: `close()` it. */
export interface OpusEncoder {
  /**
   * @param pcm interleaved, 2.5, 5, 10, 20, 40 or 60 ms; not kept.
   * @returns one packet, the caller's own. Throws AUDIO_FORMAT_UNSUPPORTED for any other length.
   */
  encode(pcm: Int16Array): Uint8Array;
  /** Samples per channel that the decoded sound lies behind the coded one. */
  readonly lookaheadSamples: number;
  close(): void;
}

/** Owns native memory: `close()` it. */
export interface OpusDecoder {
  /** @returns interleaved samples, the caller's own. Throws AUDIO_NOT_RECOGNISED for what is no packet. */
  decode(packet: Uint8Array): Int16Array;
  close(): void;
}

/** Of the library, what is used here. */
interface Coder {
  encode(bytes: Uint8Array): Uint8Array;
  ctl(command: number, value?: number): number;
  drop?(): void;
}
interface Decoder {
  decode(packet: Uint8Array): Uint8Array;
  drop?(): void;
}
interface Library {
  readonly Encoder: new (options: { channels: number; sample_rate: number; application: "voip" }) => Coder;
  readonly Decoder: new (options: { channels: number; sample_rate: number }) => Decoder;
}

/** Numbers of `opus_encoder_ctl`, from opus_defines.h. */
const SET_BITRATE = 4002;
const GET_LOOKAHEAD = 4027;

let loaded: Promise<OpusCodec> | undefined;

/**
 * Loads the codec at its first use, in some milliseconds, a native addon where there is one for the machine, else WebAssembly.
 * @throws EngineError ENGINE_MISSING when the package does not load.
 */
export function loadOpus(): Promise<OpusCodec> {
  loaded ??= load();
  return loaded;
}

async function load(): Promise<OpusCodec> {
  const library = await importLibrary();
  return {
    encoder: (format, options = {}) => {
      checkFormat(format);
      return new LibraryEncoder(library, format, options);
    },
    decoder: (format) => {
      checkFormat(format);
      return new LibraryDecoder(library, format);
    },
  };
}

async function importLibrary(): Promise<Library> {
  try {
    return (await import("@evan/opus")) as unknown as Library;
  } catch (error) {
    loaded = undefined;
    throw new EngineError("ENGINE_MISSING", "the package @evan/opus does not load: install the dependencies again", {
      cause: error,
    });
  }
}

function checkFormat({ sampleRateHz, channels }: AudioFormat): void {
  const rates: readonly number[] = OPUS_RATES_HZ;
  if (rates.includes(sampleRateHz) && (channels === 1 || channels === 2)) return;
  throw new EngineError(
    "AUDIO_FORMAT_UNSUPPORTED",
    `${sampleRateHz} Hz with ${channels} channels: Opus takes ${rates.join(", ")} Hz with 1 or 2 channels`,
  );
}

class LibraryEncoder implements OpusEncoder {
  readonly #closed = coderOpened();
  #coder: Coder | undefined;
  readonly lookaheadSamples: number;

  constructor(
    library: Library,
    readonly format: AudioFormat,
    { bitrate }: OpusEncoderOptions,
  ) {
    this.#coder = new library.Encoder({
      channels: format.channels,
      sample_rate: format.sampleRateHz,
      application: "voip",
    });
    if (bitrate !== undefined) this.#coder.ctl(SET_BITRATE, bitrate);
    this.lookaheadSamples = this.#coder.ctl(GET_LOOKAHEAD);
  }

  encode(pcm: Int16Array): Uint8Array {
    if (!this.#coder) throw new Error("OpusEncoder used after close()");
    try {
      return this.#coder.encode(new Uint8Array(pcm.buffer, pcm.byteOffset, pcm.byteLength));
    } catch (error) {
      const { sampleRateHz, channels } = this.format;
      throw new EngineError(
        "AUDIO_FORMAT_UNSUPPORTED",
        `${pcm.length / channels} samples at ${sampleRateHz} Hz are no Opus packet of 2.5 to 60 ms`,
        { cause: error },
      );
    }
  }

  close(): void {
    this.#coder?.drop?.();
    this.#coder = undefined;
    this.#closed();
  }
}

class LibraryDecoder implements OpusDecoder {
  readonly #closed = coderOpened();
  #decoder: Decoder | undefined;

  constructor(library: Library, format: AudioFormat) {
    this.#decoder = new library.Decoder({ channels: format.channels, sample_rate: format.sampleRateHz });
  }

  decode(packet: Uint8Array): Int16Array {
    if (!this.#decoder) throw new Error("OpusDecoder used after close()");
    if (packet.length === 0) throw noPacket(packet); // to the library, none means a lost one
    try {
      const bytes = this.#decoder.decode(packet);
      return new Int16Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 2);
    } catch (error) {
      throw noPacket(packet, error);
    }
  }

  close(): void {
    this.#decoder?.drop?.();
    this.#decoder = undefined;
    this.#closed();
  }
}

const noPacket = (packet: Uint8Array, cause?: unknown) =>
  new EngineError("AUDIO_NOT_RECOGNISED", `${packet.length} bytes are no Opus packet`, { cause });

/** Of one frame, by the five upper bits of a packet's first byte, in units of 2.5 ms. See RFC 6716, section 3.1. */
function frameUnits(configuration: number): number {
  if (configuration < 12) return [4, 8, 16, 24][configuration % 4] ?? 0;
  if (configuration < 16) return [4, 8][configuration % 2] ?? 0;
  return [1, 2, 4, 8][configuration % 4] ?? 0;
}

/**
 * How many samples per channel a packet decodes to, read from its head.
 * @throws EngineError AUDIO_NOT_RECOGNISED for what is no packet, or one of more than 120 ms.
 */
export function opusPacketSamples(packet: Uint8Array, sampleRateHz: number): number {
  const [head, second] = packet;
  if (head === undefined) throw noPacket(packet);
  const code = head & 3;
  const frames = code === 0 ? 1 : code < 3 ? 2 : (second ?? 0) & 63;
  const units = frames * frameUnits(head >> 3);
  if (units === 0 || units > 48) throw noPacket(packet);
  return (units * sampleRateHz) / 400;
}
