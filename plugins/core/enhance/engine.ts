import type { Engine } from "#engine/plugin";
import { findSpeexDsp, SPEEXDSP_INSTALL } from "#native/speexdsp";

export const speexEngine: Engine = {
  name: "speexdsp",
  purpose: "echo cancellation and noise suppression",
  optional: true,
  async find() {
    const path = findSpeexDsp();
    if (path !== undefined) return { found: true, path };
    return { found: false, missing: "libspeexdsp.so.1", mend: SPEEXDSP_INSTALL };
  },
};
