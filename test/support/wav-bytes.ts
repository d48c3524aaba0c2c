import { encodeS16le } from "#engine/audio";

/** Bytes of a WAV put together by hand, so that headers of every kind, broken ones too, can be tried. */
export interface WavParts {
  readonly riff?: string;
  /** What the file says its own length is; right when left out. */
  readonly riffBytes?: number;
  readonly chunks: readonly Uint8Array[];
}

const ascii = (text: string): number[] => Array.from(text, (char) => char.charCodeAt(0));
const u16 = (value: number): number[] => [value & 255, (value >> 8) & 255];
const u32 = (value: number): number[] => [...u16(value & 0xffff), ...u16((value >>> 16) & 0xffff)];

/** @param bytes what the chunk says its length is; right when left out. An odd body gets its padding. */
export function chunk(id: string, body: Uint8Array | readonly number[], bytes = body.length): Uint8Array {
  return Uint8Array.from([...ascii(id), ...u32(bytes), ...body, ...(body.length % 2 ? [0] : [])]);
}

export interface Fmt {
  readonly tag?: number;
  readonly channels?: number;
  readonly rateHz?: number;
  readonly bits?: number;
  /** Bytes of one sample of all channels; right when left out. */
  readonly tupleBytes?: number;
  /** Wraps the tag in the extensible format. */
  readonly extensible?: boolean;
}

export function fmt(options: Fmt = {}): Uint8Array {
  const { tag = 1, channels = 1, rateHz = 16000, bits = 16, extensible = false } = options;
  const tupleBytes = options.tupleBytes ?? channels * Math.ceil(bits / 8);
  const base = [extensible ? 0xfffe : tag, channels].flatMap(u16);
  const rest = [...u32(rateHz), ...u32(rateHz * tupleBytes), ...u16(tupleBytes), ...u16(bits)];
  const guidTail = [0, 0, 0, 0, 16, 0, 128, 0, 0, 170, 0, 56, 155, 113];
  const extension = extensible ? [...u16(22), ...u16(bits), ...u32(0), ...u16(tag), ...guidTail] : [];
  return chunk("fmt ", [...base, ...rest, ...extension]);
}

/** The data chunk of 16-bit samples. @param bytes what it says its length is; right when left out. */
export const data = (pcm: readonly number[], bytes?: number): Uint8Array => {
  const body = encodeS16le(Int16Array.from(pcm));
  return chunk("data", body, bytes ?? body.length);
};

export function wavBytes({ riff = "RIFF", riffBytes, chunks }: WavParts): Uint8Array {
  const body = chunks.flatMap((part) => [...part]);
  return Uint8Array.from([...ascii(riff), ...u32(riffBytes ?? body.length + 4), ...ascii("WAVE"), ...body]);
}
