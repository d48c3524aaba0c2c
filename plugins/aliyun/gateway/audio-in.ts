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

export const AUDIO_FORMATS = ["pcm", "wav", "opus", "opu"] as const;
export type AudioInFormat = (typeof AUDIO_FORMATS)[number];

export function audioIn(format: AudioInFormat, sampleRateHz: number): AudioIn {
  if (format === "wav") return new WavIn(sampleRateHz);
  if (format === "opus") return new OpusIn(sampleRateHz, oggOrBare());
  if (format === "opu") return new OpusIn(sampleRateHz, withLengths());
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

/** Takes the whole packets out of what has come so far. */
type Packets = (bytes: Uint8Array) => readonly Uint8Array[];

/** In an Ogg stream, as the vendor's library for C++ sends them, or one in each message. */
function oggOrBare(): Packets {
  let ogg: OggReader | undefined;
  let begun = false;
  return (bytes) => {
    if (!begun && isOgg(bytes)) ogg = new OggReader();
    begun = true;
    return ogg ? ogg.push(bytes).filter((packet) => !isOpusHead(packet)) : [bytes];
  };
}

/** Behind each other, a byte with its length before each; messages may end anywhere. */
function withLengths(): Packets {
  let rest: Uint8Array = new Uint8Array(0);
  return (bytes) => {
    const all = rest.length === 0 ? bytes : Buffer.concat([rest, bytes]);
    const packets: Uint8Array[] = [];
    let at = 0;
    for (let length = all[at]; length !== undefined && at + 1 + length <= all.length; length = all[at]) {
      if (length === 0)
        throw new EngineError("AUDIO_NOT_RECOGNISED", "a packet of opu has the length 0, wanted 1 to 255");
      packets.push(all.subarray(at + 1, at + 1 + length));
      at += 1 + length;
    }
    rest = all.slice(at);
    return packets;
  };
}

class OpusIn implements AudioIn {
  #decoder: OpusDecoder | undefined;

  constructor(
    readonly sampleRateHz: number,
    readonly packets: Packets,
  ) {}

  async push(bytes: Uint8Array): Promise<Int16Array> {
    this.#decoder ??= (await loadOpus()).decoder({ sampleRateHz: this.sampleRateHz, channels: 1 });
    const parts = this.packets(bytes).map((packet) => this.#decoder?.decode(packet) ?? new Int16Array(0));
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
