import { join } from "node:path";
import type { LibrarySpec } from "../library/index.ts";
import { DETECTOR_FLAGS, packagedSourceDir, packagedSources } from "../webrtc-vad/index.ts";

const OWN = [
  "avx2.h",
  "gaussians.h",
  "level.h",
  "pool.h",
  "session.h",
  "detector.h",
  "filter-bank.h",
  "minimum.h",
  "band-energy.h",
  "endpointing.h",
  "lanes-portable.h",
  "lanes-avx2.h",
];

/** Sessions and lanes of ours, with the packaged detector's sources taken in. Only the names of session.c and pool.h are visible outside. */
export const sessionLibrary = (): LibrarySpec => ({
  name: "vad-session",
  sources: [join(import.meta.dir, "session.c")],
  included: [...OWN.map((file) => join(import.meta.dir, file)), ...packagedSources()],
  includeDirs: [packagedSourceDir()],
  flags: [...DETECTOR_FLAGS, "-fvisibility=hidden"],
});
