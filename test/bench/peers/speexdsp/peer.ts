import { dlopen, type Pointer } from "bun:ffi";

/** A resampler of speexdsp for one stream; process-wide, never freed. */
export interface SpeexResampler {
  /** @returns what came out, as a view that the next call overwrites */
  push(pcm: Int16Array): Int16Array;
}

export interface SpeexDsp {
  /** @param quality 0 to 10; 3 is what its documentation calls right for speech */
  open(fromHz: number, toHz: number, quality: number): SpeexResampler;
}

const LIBRARY = "libspeexdsp.so.1";

/** Debian's library, or why it is not there. */
export function findSpeexDsp(): SpeexDsp | { readonly missing: string } {
  try {
    return bind();
  } catch {
    return { missing: `${LIBRARY} is not installed (apt-get install libspeexdsp1)` };
  }
}

function bind(): SpeexDsp {
  const { speex_resampler_init, speex_resampler_process_int } = dlopen(LIBRARY, {
    speex_resampler_init: { args: ["u32", "u32", "u32", "i32", "ptr"], returns: "ptr" },
    speex_resampler_process_int: { args: ["ptr", "u32", "ptr", "ptr", "ptr", "ptr"], returns: "i32" },
  }).symbols;
  return {
    open(fromHz, toHz, quality) {
      const error = new Int32Array(new ArrayBuffer(4096), 0, 1);
      const state = speex_resampler_init(1, fromHz, toHz, quality, error) as Pointer | null;
      if (!state || error[0] !== 0) throw new Error(`speexdsp answers ${error[0]} to ${fromHz} and ${toHz} Hz`);
      const lengths = new Uint32Array(new ArrayBuffer(4096), 0, 2);
      const [taken, given] = [lengths.subarray(0, 1), lengths.subarray(1, 2)];
      const output = new Int16Array(new ArrayBuffer(65_536));
      return {
        push(pcm) {
          lengths[0] = pcm.length;
          lengths[1] = output.length;
          const failed = speex_resampler_process_int(state, 0, pcm, taken, output, given);
          if (failed !== 0 || lengths[0] !== pcm.length)
            throw new Error(`speexdsp took ${lengths[0]} of ${pcm.length} samples, status ${failed}`);
          return output.subarray(0, lengths[1]);
        },
      };
    },
  };
}
