import { EngineError } from "#engine/errors";
import type { AudioFormat } from "#engine/frames";
import type { OpusCodec, OpusDecoder } from "#engine/plugin";

/** The Opus packets of one sender, one in each chunk, as samples. Owns native memory: `close()` it. */
export class OpusInput {
  #decoder: OpusDecoder | undefined;

  /** @throws EngineError AUDIO_FORMAT_UNSUPPORTED for a rate that Opus has not, or more than two channels. */
  constructor(
    private readonly codec: OpusCodec,
    private readonly format: AudioFormat,
  ) {
    codec.decoder(format).close(); // refuses what it cannot do before anything comes
  }

  /**
   * @param heardSamples how much of its beginning was heard before, per channel: it is decoded, and left out.
   * @throws EngineError CHUNK_INVALID for what is no packet.
   */
  decode(packet: Uint8Array, heardSamples: number): Int16Array {
    this.#decoder ??= this.codec.decoder(this.format);
    try {
      return this.#decoder.decode(packet).subarray(heardSamples * this.format.channels);
    } catch (cause) {
      if (!(cause instanceof EngineError)) throw cause;
      throw new EngineError("CHUNK_INVALID", `${cause.message}; wanted one in each chunk`, { cause });
    }
  }

  /** What comes later begins anew. */
  close(): void {
    this.#decoder?.close();
    this.#decoder = undefined;
  }
}
