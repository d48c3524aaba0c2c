import { EngineError } from "../../errors/index.ts";
import type { AudioFormat } from "../../frames/index.ts";
import { requireUsableFormat } from "../format-limits.ts";
import { BYTES_PER_SAMPLE, type SampleEncoding } from "../sample-decoder.ts";

const EXTENSIBLE = 0xfffe;
const PCM = 1;
const FLOAT = 3;
const NAMES: Readonly<Record<number, string>> = {
  2: "Microsoft ADPCM",
  6: "A-law",
  7: "mu-law",
  17: "IMA ADPCM",
  49: "GSM 6.10",
  64: "G.721 ADPCM",
  80: "MPEG",
  85: "MP3",
  255: "AAC",
  353: "Windows Media",
};

/** The shortest `fmt ` chunk that says everything. */
export const MIN_FMT_BYTES = 16;

/**
 * Reads the body of a `fmt ` chunk, at least `MIN_FMT_BYTES` long.
 * @throws EngineError AUDIO_FORMAT_UNSUPPORTED for what is no PCM, float, A-law or mu-law, contradicts itself or exceeds `AUDIO_LIMITS`.
 */
export function readFmt(body: Uint8Array): AudioFormat & { readonly encoding: SampleEncoding } {
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  const outerTag = view.getUint16(0, true);
  const channels = view.getUint16(2, true);
  const sampleRateHz = view.getUint32(4, true);
  const tupleBytes = view.getUint16(12, true);
  const bits = view.getUint16(14, true);
  // The first two bytes of the extensible format's GUID are an ordinary tag.
  const tag = outerTag === EXTENSIBLE && body.length >= 26 ? view.getUint16(24, true) : outerTag;
  requireUsableFormat({ sampleRateHz, channels }, "WAV header");
  const encoding = encodingOf(tag, bits);
  if (!encoding)
    throw new EngineError(
      "AUDIO_FORMAT_UNSUPPORTED",
      `WAV header: ${tagName(tag)} of ${bits} bits; wanted PCM of 8, 16, 24 or 32 bits, float of 32 or 64, A-law or mu-law of 8`,
    );
  if (tupleBytes !== channels * BYTES_PER_SAMPLE[encoding])
    throw new EngineError(
      "AUDIO_FORMAT_UNSUPPORTED",
      `WAV header: ${tupleBytes} bytes for each sample of ${channels} channels at ${bits} bits; wanted ${channels * BYTES_PER_SAMPLE[encoding]}`,
    );
  return { sampleRateHz, channels, encoding };
}

/** Odd widths such as 12 or 20 bits stand at the top of the next whole byte, so they read as that width. */
function encodingOf(tag: number, bits: number): SampleEncoding | undefined {
  if (tag === PCM && bits >= 1) return (["u8", "s16le", "s24le", "s32le"] as const)[Math.ceil(bits / 8) - 1];
  if (tag === FLOAT) return bits === 32 ? "f32le" : bits === 64 ? "f64le" : undefined;
  if (bits !== 8) return undefined;
  return tag === 6 ? "alaw" : tag === 7 ? "mulaw" : undefined;
}

function tagName(tag: number): string {
  if (tag === PCM) return "PCM";
  if (tag === FLOAT) return "float";
  return NAMES[tag] ?? `format 0x${tag.toString(16).padStart(4, "0")}`;
}
