import {
  EngineError,
  isOgg,
  isOpusHead,
  loadOpus,
  OggReader,
  type OpusDecoder,
  SampleDecoder,
  WavReader,
} from "#engine/plugin";

/** Makes samples of what a client sends. */
export interface AudioIn {
  /** @throws EngineError AUDIO_NOT_RECOGNISED for what is not of the format that was named. */
  push(bytes: Uint8Array): Promise<Int16Array>;
  close(): void;
}

export const AUDIO_FORMATS = ["pcm", "wav", "opus"] as const;
export type AudioInFormat = (typeof AUDIO_FORMATS)[number];

export function audioIn(format: AudioInFormat, sampleRateHz: number): AudioIn {
  if (format === "wav") return new WavIn(sampleRateHz);
  if (format === "opus") return new OpusIn(sampleRateHz);
  const decoder = new SampleDecoder("s16le", 1);
  return { push: async (bytes) => decoder.push(bytes), close() {} };
}

class WavIn implements AudioIn {
  readonly #reader = new WavReader();

  constructor(readonly sampleRateHz: number) {}

  async push(bytes: Uint8Array): Promise<Int16Array> {
    const pcm = this.#reader.push(bytes);
    const { info } = this.#reader;
    if (info && (info.sampleRateHz !== this.sampleRateHz || info.channels !== 1))
      throw new EngineError(
        "AUDIO_NOT_RECOGNISED",
        `a WAV of ${info.sampleRateHz} Hz with ${info.channels} channels came, wanted ${this.sampleRateHz} Hz with one`,
      );
    return pcm;
  }

  close(): void {}
}

/** Packets in an Ogg stream, as the vendor's library for C++ sends them, or one in each message. */
class OpusIn implements AudioIn {
  #decoder: OpusDecoder | undefined;
  #ogg: OggReader | undefined;
  #begun = false;

  constructor(readonly sampleRateHz: number) {}

  async push(bytes: Uint8Array): Promise<Int16Array> {
    this.#decoder ??= (await loadOpus()).decoder({ sampleRateHz: this.sampleRateHz, channels: 1 });
    if (!this.#begun && isOgg(bytes)) this.#ogg = new OggReader();
    this.#begun = true;
    const packets = this.#ogg ? this.#ogg.push(bytes).filter((packet) => !isOpusHead(packet)) : [bytes];
    const parts = packets.map((packet) => this.#decoder?.decode(packet) ?? new Int16Array(0));
    const pcm = new Int16Array(parts.reduce((sum, part) => sum + part.length, 0));
    let at = 0;
    for (const part of parts) {
      pcm.set(part, at);
      at += part.length;
    }
    return pcm;
  }

  close(): void {
    this.#decoder?.close();
  }
}
