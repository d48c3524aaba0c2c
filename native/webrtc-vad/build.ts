import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { LibrarySpec } from "../library/index.ts";

/** The packaged detector's files, below its `src/webrtc/common_audio/`. */
const PACKAGED = [
  "vad/webrtc_vad.c",
  "vad/vad_core.c",
  "vad/vad_filterbank.c",
  "vad/vad_gmm.c",
  "vad/vad_sp.c",
  "signal_processing/division_operations.c",
  "signal_processing/energy.c",
  "signal_processing/get_scaling_square.c",
  "signal_processing/resample_48khz.c",
  "signal_processing/resample_by_2_internal.c",
  "signal_processing/resample_fractional.c",
  "signal_processing/spl_inl.c",
];

/** The folder that the packaged sources' own `#include "webrtc/…"` start from. */
export const packagedSourceDir = (): string =>
  join(dirname(fileURLToPath(import.meta.resolve("webrtcvad/package.json"))), "src");

export const packagedSources = (): string[] =>
  PACKAGED.map((file) => join(packagedSourceDir(), "webrtc/common_audio", file));

/**
 * Plain optimisation is the fastest here: with `-march=native` the filters, which wait on their own last result, get 7 % slower. The
 * sources count on integers that wrap, hence `-fwrapv`; `NDEBUG` takes their debugging assertions out.
 */
export const DETECTOR_FLAGS: readonly string[] = [
  "-O3",
  "-fwrapv",
  "-DNDEBUG",
  process.platform === "win32" ? "-DWEBRTC_WIN" : "-DWEBRTC_POSIX",
];

/** The detector as packaged, with a thin interface of ours. */
export const detectorLibrary = (): LibrarySpec => ({
  name: "webrtc-vad",
  sources: [join(import.meta.dir, "shim.c"), ...packagedSources()],
  included: [],
  includeDirs: [packagedSourceDir()],
  flags: DETECTOR_FLAGS,
});
