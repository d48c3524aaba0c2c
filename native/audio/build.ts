import { join } from "node:path";
import type { LibrarySpec } from "../library/index.ts";

const HEADERS = ["audio.h", "resample.h", "g711.h", "power.h"];

/** Resampling, telephone codecs and level. Sums wrap by design, hence `-fwrapv`. */
export const audioLibrary = (): LibrarySpec => ({
  name: "audio",
  sources: [join(import.meta.dir, "audio.c")],
  included: HEADERS.map((file) => join(import.meta.dir, file)),
  includeDirs: [],
  flags: ["-O3", "-fwrapv", "-fvisibility=hidden"],
});
