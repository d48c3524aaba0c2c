import {
  decodeALaw,
  decodeMuLaw,
  type Engine,
  encodeALaw,
  encodeMuLaw,
  type NodeContext,
  type ResampleKernel,
} from "#engine/plugin";
import { audioLibrary, type NativeAudio, nativeAudio } from "#native/audio";
import { findCompiler, libraryPath } from "#native/library";

/** The codecs that are one byte for each sample and need no library. */
export type G711 = "alaw" | "mulaw";

/** What computes conversions; every one of them gives the same samples. */
export interface Arithmetic {
  /** For people: what computes. */
  readonly facts: { readonly backend: "native" | "typescript"; readonly way?: string };
  /** Undefined: the resampler's own. */
  readonly kernel: ResampleKernel | undefined;
  decode(codec: G711, bytes: Uint8Array): Int16Array;
  encode(codec: G711, pcm: Int16Array): Uint8Array;
}

const NAME = "audio";

const typescript: Arithmetic = {
  facts: { backend: "typescript" },
  kernel: undefined,
  decode: (codec, bytes) => (codec === "alaw" ? decodeALaw(bytes) : decodeMuLaw(bytes)),
  encode: (codec, pcm) => (codec === "alaw" ? encodeALaw(pcm) : encodeMuLaw(pcm)),
};

/** @param native what C computes, or undefined for TypeScript */
export const arithmeticOf = (native: NativeAudio | undefined): Arithmetic =>
  native
    ? {
        facts: { backend: "native", way: native.way },
        kernel: (filter, window, output) => native.resample(filter, window, output),
        decode: (codec, bytes) => native.decode(codec, bytes),
        encode: (codec, pcm) => native.encode(codec, pcm),
      }
    : typescript;

let here: Arithmetic | undefined;

/** That of this process. Says once for each node which it is. */
export function arithmetic(ctx: NodeContext): Arithmetic {
  here ??= arithmeticOf(nativeAudio());
  ctx.report({ type: "engine", engine: NAME, ...here.facts });
  return here;
}

/** Always there, and named by its implementation. */
export const audioEngine: Engine = {
  name: NAME,
  purpose: "resampling and telephone codecs",
  async find() {
    const path = libraryPath(audioLibrary());
    if (await Bun.file(path).exists()) return { found: true, path, note: "native" };
    const compiler = findCompiler();
    if (compiler) return { found: true, note: `native, not built yet: ${compiler} will build it at first use` };
    return { found: true, note: "TypeScript, at ten times the cost of the native one, which needs a C compiler" };
  },
};
