export {
  averageChannels,
  convertChannels,
  copyToChannels,
  requireChannelRule,
  takeChannel,
} from "./channels.ts";
export { AUDIO_LIMITS, requireUsableFormat } from "./format-limits.ts";
export { Framer, type FramerFormat } from "./framer.ts";
export { decodeALaw, decodeMuLaw, encodeALaw, encodeMuLaw } from "./g711.ts";
export { joinBytes } from "./join-bytes.ts";
export { applyGain, dbToFactor, levelDbfs } from "./level.ts";
export { type Mixed, Mixer, type MixerOptions } from "./mixer.ts";
export { type ResampleFilter, resampleFilter } from "./resample/resample-filter.ts";
export { plainKernel, type ResampleKernel, type ResampleWindow } from "./resample/resample-kernel.ts";
export { Resampler, type ResamplerOptions } from "./resample/resampler.ts";
export {
  BYTES_PER_SAMPLE,
  decodeSamples,
  encodeS16le,
  SampleDecoder,
  type SampleEncoding,
  s16leBytes,
} from "./sample-decoder.ts";
export { SampleRing } from "./sample-ring.ts";
export { saturate } from "./saturate.ts";
export { CONTAINERS, type Container, describeBytes, sniffContainer } from "./sniff.ts";
export { type WavEnd, type WavInfo, WavReader } from "./wav/wav-reader.ts";
export { encodeWav, MAX_WAV_DATA_BYTES, requireWavLength, WAV_HEADER_BYTES, wavHeader } from "./wav/wav-writer.ts";
