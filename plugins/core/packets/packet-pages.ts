import {
  type AudioFormat,
  type EncodedFrame,
  OggOpusWriter,
  OPUS_PACKET_MS,
  type OpusCodec,
  opusPacketSamples,
} from "#engine/plugin";

/** At which Opus in Ogg counts its positions. */
const POSITIONS_HZ = 48_000;
const SILENT_POSITIONS = (POSITIONS_HZ * OPUS_PACKET_MS) / 1000;
/** What libopus needs to start, 6.5 ms, and its packets do not say: players leave it out. */
const PRE_SKIP = 312;

/** Writes packets of Opus as an Ogg file while they come, as they are. What it returns is to be appended to the file. */
export class PacketPages {
  readonly #opus: OpusCodec;
  readonly #format: AudioFormat;
  readonly #writer: OggOpusWriter;
  /** The packet that goes out when it is known whether it is the last, and how much of it is sound. */
  #waiting: { readonly packet: Uint8Array; readonly positions: number; readonly sound: number } | undefined;
  #begun = false;
  #positions = 0;

  constructor(opus: OpusCodec, { sampleRateHz, channels }: AudioFormat) {
    this.#opus = opus;
    this.#format = { sampleRateHz, channels };
    this.#writer = new OggOpusWriter({ channels: channels === 1 ? 1 : 2, sampleRateHz, preSkip: PRE_SKIP, serial: 1 });
  }

  /** @throws EngineError AUDIO_NOT_RECOGNISED for what is no packet. */
  packet({ packet, sampleCount, sampleRateHz }: EncodedFrame): Uint8Array {
    const positions = opusPacketSamples(packet, POSITIONS_HZ);
    const sound = Math.min(positions, Math.round((sampleCount * POSITIONS_HZ) / sampleRateHz));
    return this.#next({ packet, positions, sound });
  }

  /** Silence up to a sample of the stream, in whole packets: what remains is less than one. @returns also how many samples that was. */
  silenceUntil(sample: number): { readonly bytes: Uint8Array; readonly samples: number } {
    const { sampleRateHz, channels } = this.#format;
    const wanted = Math.round((sample * POSITIONS_HZ) / sampleRateHz) - this.#positions;
    const count = Math.max(0, Math.floor(wanted / SILENT_POSITIONS));
    if (count === 0) return { bytes: new Uint8Array(0), samples: 0 };
    const packetSamples = (sampleRateHz * OPUS_PACKET_MS) / 1000;
    const encoder = this.#opus.encoder(this.#format);
    try {
      const pages = Array.from({ length: count }, () =>
        this.#next({
          packet: encoder.encode(new Int16Array(packetSamples * channels)),
          positions: SILENT_POSITIONS,
          sound: SILENT_POSITIONS,
        }),
      );
      return { bytes: Buffer.concat(pages), samples: count * packetSamples };
    } finally {
      encoder.close();
    }
  }

  end(): Uint8Array {
    const last = this.#waiting;
    this.#waiting = undefined;
    return last ? this.#writer.packet(last.packet, last.sound, { last: true }) : new Uint8Array(0);
  }

  #next(next: { readonly packet: Uint8Array; readonly positions: number; readonly sound: number }): Uint8Array {
    const before = this.#waiting;
    this.#waiting = next;
    this.#positions += next.positions;
    if (before) return this.#writer.packet(before.packet, before.positions);
    if (this.#begun) throw new Error("PacketPages used after end()");
    this.#begun = true;
    return this.#writer.head();
  }
}
